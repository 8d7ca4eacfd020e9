// Completes package-lock.json after `npm install`: no download addresses in it, and an entry for every optional
// package of another platform, also where the registry in use does not carry it (else `npm ci` calls the file stale).
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const words = name.split('/').pop().split('-');
    const os = ['android', 'darwin', 'linux', 'win32', 'freebsd'].find((one) =>
      words.includes(one),
    );
    const cpu = ['arm64', 'x64', 'arm', 'ia32'].find((one) => words.includes(one));
    if (!os || !cpu || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] ??= {
      version,
      cpu: [cpu],
      ...(entry.dev ? { dev: true } : {}),
      ...(words.includes('musl') ? { libc: ['musl'] } : {}),
      optional: true,
      os: [os],
    };
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
