// What the tree promises: imports go one way, the client's types are current, nothing comes from
// outside, and both languages have the same words.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';
import { en } from '../src/text/en.ts';
import { vi as words } from '../src/text/vi.ts';

const web = join(import.meta.dirname, '..');
const src = join(web, 'src');

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const sources = files(src)
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('schema.d.ts'))
  .map((file) => ({ path: relative(src, file), text: readFileSync(file, 'utf8') }));

/** The room of an import, for example `features/alerts`, or null when it is a package. */
function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'features' ? `features/${second}` : first;
}

const kMayUse: Record<string, string[]> = {
  text: ['text'],
  api: ['api', 'text'],
  ui: ['ui', 'text'],
  shared: ['shared', 'ui', 'api', 'text'],
  features: ['shared', 'ui', 'api', 'text'],
  app: ['shared', 'ui', 'api', 'text', 'features', 'app'],
};

test('imports go one way, and a feature never imports another', () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const room = roomOf(path);
    const kind = room.startsWith('features/') ? 'features' : room;
    const allowed = kMayUse[kind];
    if (!allowed) continue; // main.tsx and the test set-up stand above all
    for (const match of text.matchAll(
      /from '(@\/|\.\.?\/)([^']+)'|import\('(@\/|\.\.?\/)([^']+)'\)/g,
    )) {
      const start = match[1] ?? match[3] ?? '';
      const rest = match[2] ?? match[4] ?? '';
      const target = start === '@/' ? rest : relative(src, join(src, path, '..', start, rest));
      const to = roomOf(target);
      if (to === room) continue;
      const toKind = to.startsWith('features/') ? 'features' : to;
      if (toKind === 'features' ? kind !== 'app' : !allowed.includes(toKind)) {
        wrong.push(`${path} imports ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('the client types are those of the contract', async () => {
  const contract = join(web, '../schema/openapi.yaml');
  expect(existsSync(contract)).toBe(true);
  const nodes = await openapiTS(new URL(`file://${contract}`), { defaultNonNullable: false });
  const made = astToString(nodes).trim();
  const kept = readFileSync(join(src, 'api/schema.d.ts'), 'utf8');
  expect(kept.includes(made), 'run `npm run gen` and commit src/api/schema.d.ts').toBe(true);
}, 30_000);

test('nothing is fetched from outside: no address of another host in the sources', () => {
  const outside = sources
    .filter(({ path }) => !path.endsWith('.test.ts') && !path.endsWith('.test.tsx'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/https?:\/\/(?!www\.w3\.org\/)[^\s'"`)]+/g)].map((m) => `${path}: ${m[0]}`),
    );
  expect(outside).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(readFileSync(join(web, 'package-lock.json'), 'utf8')).not.toContain('"resolved": "http');
});

test('every version is pinned exactly', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(web, 'package.json'), 'utf8'),
  );
  for (const version of Object.values({ ...dependencies, ...devDependencies })) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test('both languages say the same things with the same blanks', () => {
  const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();
  for (const [key, text] of Object.entries(words)) {
    const other = en[key as keyof typeof words];
    expect(other, key).toBeTruthy();
    expect(blanks(other), key).toEqual(blanks(text));
    expect(text, key).toBe(text.normalize('NFC'));
  }
  expect(Object.keys(en).filter((key) => !key.endsWith('_one') && !(key in words))).toEqual([]);
});

test('every word on the term list is used', () => {
  const all = sources
    .filter(({ path }) => !path.startsWith('text/'))
    .map(({ text }) => text)
    .join('\n');
  const unused = Object.keys(words).filter((key) => !all.includes(`'${key}'`));
  expect(unused).toEqual([]);
});
