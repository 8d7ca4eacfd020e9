import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';
import '@/text/index.ts';

configure({ asyncUtilTimeout: 15_000, getElementError: (message) => new Error(message ?? '') });

afterEach(() => {
  cleanup();
  localStorage.clear();
});
