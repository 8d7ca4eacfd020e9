// How fast Windows event logs are read, in one run on the release binary:
//   node bench/evtx.mjs FILE.evtx RULES...      (RULES: files or folders of Sigma rules)
// 1. gac detect on one core: EVTX to matches, with these rules and with one rule alone (what reading costs)
// 2. beside it evtxexport of libevtx, where it is installed (or named by EVTXEXPORT): EVTX to XML
// CPU seconds of the process, the median of RUNS; of gac detect also what one more pass over the file costs, without
// loading rules and meeting each kind of event for the first time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

const [file, ...rules] = process.argv.slice(2);
if (!file || rules.length === 0) {
    console.error('usage: node bench/evtx.mjs FILE.evtx RULES...');
    process.exit(2);
}
const gac = process.env.GAC_BIN ?? join(import.meta.dirname, '../build/release/bin/gac');
const evtxexport = process.env.EVTXEXPORT ?? 'evtxexport';
const runs = Number(process.env.RUNS ?? 5);
const folder = mkdtempSync(join(os.tmpdir(), 'gac_bench_'));
const oneRule = join(folder, 'one.yml');
writeFileSync(oneRule, `title: One rule
id: 3c1c1a2e-54a0-4a44-9a37-7f4a1f0f5f11
logsource: { product: windows, service: security }
detection: { selection: { CommandLine|contains: no-such-text }, condition: selection }
level: low
`);

// CPU seconds of a command, its output thrown away.
function cpu(command) {
    const timed = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2> /dev/null', 'time', ...command],
        { encoding: 'utf8' });
    if (timed.status !== 0) throw new Error(`${command[0]} ended with ${timed.status}: ${timed.stderr}`);
    return timed.stderr.trim().split(' ').map(Number).reduce((a, b) => a + b);
}
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const times = (make) => median(Array.from({ length: runs }, make));

const stats = spawnSync(gac, ['detect', '--stats', '--rules', ...rules, '--', file], { encoding: 'utf8' });
if (stats.status !== 0) throw new Error(stats.stderr);
const { events, matches } = JSON.parse(stats.stderr.trim().split('\n').at(-1));
const bytes = statSync(file).size;
const figures = (seconds) => ({
    cpu_s: Number(seconds.toFixed(3)),
    mb_per_s: Math.round(bytes / seconds / 1e6),
    records_per_s: Math.round(events / seconds),
    ns_per_record: Math.round(seconds / events * 1e9),
});

const passes = 5;
const detect = (set) => {
    const once = [gac, 'detect', '--rules', ...set, '--', file];
    const all = times(() => cpu(once));
    const pass = times(() => (cpu([...once, ...Array(passes).fill(file)]) - cpu(once)) / passes);
    return { all_with_load_cpu_s: Number(all.toFixed(3)), pass: figures(pass) };
};
const result = {
    machine: `${os.cpus().length} x ${os.cpus()[0].model}`,
    bytes, events, bytes_per_record: Math.round(bytes / events), matches,
    gac_detect_rules: detect(rules),
    gac_detect_one_rule: detect([oneRule]),
};
const there = spawnSync(evtxexport, ['-V'], { encoding: 'utf8' });
result.evtxexport = there.error ? 'not installed (package libevtx-utils)'
    : { version: there.stdout.trim().split('\n')[0], ...figures(cpu([evtxexport, '-f', 'xml', file])) };
rmSync(folder, { recursive: true });
console.log(JSON.stringify(result, null, 2));
