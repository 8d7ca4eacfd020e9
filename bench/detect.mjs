// Figures of `gac detect` on real Windows streams and text logs, measured from outside on the release binary:
//   node bench/detect.mjs RULES_DIR WINDOWS_DIR [TEXT_LOG...]
// RULES_DIR holds the public corpus (rules/, rules-emerging-threats/, rules-threat-hunting/), WINDOWS_DIR flat JSON streams
// (*.ndjson, unpacked). Three passes each, the best counts; a wrong number of matches fails the run.
// 1. the pack in order, one core and two threads; 2. its lines shuffled over all files; 3. with five characters of every
// string changed, channels untouched; 4. text logs with the Linux, web and network rules; 5. loading, from files and from
// the cache; 6. rsigma with log-source routing beside it, when it is on PATH (`cargo install --locked rsigma --features evtx`)
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

const [rulesDir, windowsDir, ...texts] = process.argv.slice(2);
if (!windowsDir) {
    console.error('usage: node bench/detect.mjs RULES_DIR WINDOWS_DIR [TEXT_LOG...]');
    process.exit(2);
}
const gac = process.env.GAC_BIN ?? join(import.meta.dirname, '../build/release/bin/gac');
const corpus = ['rules', 'rules-emerging-threats', 'rules-threat-hunting'].map((d) => join(rulesDir, d));
const textRules = ['linux', 'web', 'network'].map((d) => join(rulesDir, 'rules', d));
const folder = mkdtempSync(join(os.tmpdir(), 'gac-bench-'));
const cache = join(folder, 'cache');

// Deterministic, so that every run sees the same lines.
let state = 1;
const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
};

function detect(rules, inputs, { threads = 1, extra = [] } = {}) {
    const run = spawnSync(gac, ['detect', '--json', '--stats', '--threads', String(threads), ...extra, '--rules', ...rules, '--', ...inputs],
        { env: { ...process.env, XDG_CACHE_HOME: cache }, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 31 - 1 });
    if (run.status !== 0) throw new Error(`gac detect: ${run.stderr}`);
    return JSON.parse(run.stderr.toString().trim().split('\n').at(-1));
}

function best(rules, inputs, options) {
    const runs = Array.from({ length: 3 }, () => detect(rules, inputs, options));
    return runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));
}
const rate = (stats) => Math.round(stats.bytes / stats.seconds / 1e6);

function writeLines(path, lines) {
    const file = openSync(path, 'w');
    for (let i = 0; i < lines.length; i += 4096) writeSync(file, Buffer.concat(lines.slice(i, i + 4096)));
    closeSync(file);
}

const keep = new Set(['Channel', 'SourceName', 'ProviderGuid', '@timestamp', 'EventTime', 'EventReceivedTime', 'UtcTime', 'Hostname',
    'EventType', 'Severity', 'Category', 'host', 'port']);
const letters = '0123456789abcdefghijklmnopqrstuvwxyz';
function changed(line) {
    return line.replace(/"([A-Za-z_@][\w@ -]*)":"((?:[^"\\]|\\.){8,})"/g, (whole, name, value) => {
        if (keep.has(name) || value.includes('\\u')) return whole;
        const signs = [...value];
        for (let n = 0; n < 5; ++n) {
            const at = random(signs.length);
            if (/[0-9A-Za-z]/.test(signs[at]) && signs[at - 1] !== '\\') signs[at] = letters[random(36)];
        }
        return `"${name}":"${signs.join('')}"`;
    });
}

const files = readdirSync(windowsDir).filter((f) => f.endsWith('.ndjson')).sort().map((f) => join(windowsDir, f));
// One stream of another shape would blur the figures.
const flat = files.filter((f) => readFileSync(f, { encoding: 'latin1', flag: 'r' }).slice(0, 65_536).split('\n')[0].includes('"Channel"'));
const lines = flat.flatMap((f) => {
    const bytes = readFileSync(f);
    const out = [];
    for (let from = 0; from < bytes.length;) {
        const end = bytes.indexOf(10, from);
        const next = end < 0 ? bytes.length : end + 1;
        out.push(bytes.subarray(from, next));
        from = next;
    }
    return out;
});
const unique = join(folder, 'unique.ndjson');
writeLines(unique, lines.map((l) => Buffer.from(changed(l.toString('latin1')), 'latin1')));
for (let i = lines.length - 1; i > 0; --i) {
    const j = random(i + 1);
    [lines[i], lines[j]] = [lines[j], lines[i]];
}
const shuffled = join(folder, 'shuffled.ndjson');
writeLines(shuffled, lines);

const result = { machine: `${os.cpus().length} x ${os.cpus()[0].model}`, bytes: flat.reduce((sum, f) => sum + statSync(f).size, 0) };
try {
    result.load_from_files_s = Math.min(...[1, 2, 3].map(() => detect(corpus, ['/dev/null'], { extra: ['--no-cache'] }).load_seconds));
    detect(corpus, ['/dev/null']);
    result.load_from_cache_s = Math.min(...[1, 2, 3].map(() => detect(corpus, ['/dev/null']).load_seconds));
    const pack = best(corpus, flat);
    result.pack_mb_s = rate(pack);
    result.rss_mb = Math.round(pack.rss_bytes / 1e6);
    result.matches = pack.matches;
    const two = best(corpus, flat, { threads: 2 });
    result.two_threads_mb_s = rate(two);
    result.two_over_one = Number((pack.seconds / two.seconds).toFixed(2));
    const mixed = best(corpus, [shuffled]);
    result.shuffled_mb_s = rate(mixed);
    if (two.matches !== pack.matches || mixed.matches !== pack.matches) {
        throw new Error(`matches differ: ${pack.matches}, two threads ${two.matches}, shuffled ${mixed.matches}`);
    }
    result.unique_mb_s = rate(best(corpus, [unique]));
    if (texts.length > 0) result.text_mb_s = rate(best(textRules, texts));
    if (spawnSync('rsigma', ['--version']).status === 0) {
        const rules = join(folder, 'corpus');
        execFileSync('mkdir', [rules]);
        for (const part of corpus) execFileSync('cp', ['-r', part, rules]);
        const seconds = (input) => {
            const started = performance.now();
            execFileSync('rsigma', ['engine', 'eval', '-r', rules, '--logsource-routing'],
                { stdio: [openSync(input, 'r'), 'ignore', 'ignore'] });
            return (performance.now() - started) / 1000;
        };
        const one = join(folder, 'one.ndjson');
        writeLines(one, [lines[0]]);
        const net = seconds(shuffled) - seconds(one);
        result.rsigma_shuffled_mb_s = Number((result.bytes / net / 1e6).toFixed(1));
        result.times_rsigma = Number((result.shuffled_mb_s / result.rsigma_shuffled_mb_s).toFixed(1));
    }
    console.log(JSON.stringify(result, null, 4));
} finally {
    rmSync(folder, { recursive: true, force: true });
}
