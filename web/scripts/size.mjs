// Fails when the script of any first screen (what the browser must have before it can show that
// screen; charts come later) passes the budget. Run after `npm run build`.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const kBudget = 300 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const sizes = new Map();
function gz(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist))).length);
  return sizes.get(file);
}

/** A chunk and everything it imports before it can run. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const screens = Object.keys(manifest).filter((key) => /features\/.*Page\.tsx$/.test(key));
let worst = 0;
for (const screen of ['', ...screens]) {
  const keys = closure(entry);
  if (screen) closure(screen, keys);
  const files = new Set(
    [...keys].map((key) => manifest[key].file).filter((f) => f.endsWith('.js')),
  );
  const bytes = [...files].reduce((sum, file) => sum + gz(file), 0) + gz('theme.js');
  worst = Math.max(worst, bytes);
  const name = screen ? screen.replace(/.*\//, '').replace('.tsx', '') : 'SignIn';
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KiB gz  ${name}`);
}
console.log(
  `${(worst / 1024).toFixed(1).padStart(7)} KiB gz  largest first screen, budget ${kBudget / 1024}`,
);
if (worst > kBudget) {
  console.error('the first screen is over its budget: load the new part lazily, or drop it');
  process.exit(1);
}
