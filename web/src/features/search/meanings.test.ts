import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kMeaningsVi } from './meanings.ts';

test('every well-known field has its meaning in Vietnamese, and no other', () => {
  const text = readFileSync('../schema/fields.def', 'utf8');
  const names = [...text.matchAll(/^GAC_FIELD\(\w+, "([^"]+)"/gm)]
    .map((found) => found[1] ?? '')
    .filter((name) => !name.startsWith('_'));
  expect(names.length).toBeGreaterThan(40);
  expect(Object.keys(kMeaningsVi).sort()).toEqual(names.sort());
});
