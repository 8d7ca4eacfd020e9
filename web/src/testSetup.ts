import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';
import '@/text/index.ts';

afterEach(() => {
  cleanup();
  localStorage.clear();
});
