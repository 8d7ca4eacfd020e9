// The public Sigma corpus on recorded data, where the data packs lie beside the checkout (GAC_SHARED names another place):
// every rule loads, every recorded case is found from EVTX and from JSON with no pair too many, and the Windows streams
// give the matches of the table. Nothing of the packs is part of this project.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { gac, root, temporaryFolder } from './server.mjs';

const shared = process.env.GAC_SHARED ?? resolve(root, '../shared');
const data = join(shared, 'data');
const skip = existsSync(join(data, 'sigma/sigmahq-rules.tar.zst')) ? false : `no data packs at ${data}`;
const folder = temporaryFolder();
let rules;

function unpack(archive, name) {
    const to = join(folder, name);
    mkdirSync(to);
    const run = spawnSync('tar', ['-xf', archive, '-C', to], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    return to;
}

const table = (path) => readFileSync(path, 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'));
const detect = (inputs, extra = []) => {
    const run = gac(['detect', '--json', '--no-cache', ...extra, '--rules', ...rules, '--', ...inputs]);
    assert.equal(run.code, 0, run.stderr.slice(-2000));
    return run.stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
};

before(() => {
    if (skip) return;
    const corpus = unpack(join(data, 'sigma/sigmahq-rules.tar.zst'), 'rules');
    rules = ['rules', 'rules-emerging-threats', 'rules-threat-hunting'].map((d) => join(corpus, d));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('every rule of the public corpus loads', { skip }, () => {
    const run = gac(['rules', 'check', ...rules]);
    assert.equal(run.code, 0, run.stderr.slice(-2000));
    assert.match(run.stderr, /loaded 3754 refused 0/);
});

for (const format of ['evtx', 'json']) {
    test(`every recorded case is found from ${format}, and nothing else`, { skip }, () => {
        const cases = unpack(join(data, 'evtx/sigmahq-regression-dev.tar.xz'), format);
        const column = format === 'evtx' ? 4 : 5;
        const manifest = table(join(cases, 'manifest.tsv'));
        const files = [...new Set(manifest.map((row) => row[column]))].sort();
        const found = new Map();   // file -> rule -> records
        for (const hit of detect(files.map((f) => join(cases, f)))) {
            const file = hit.file.slice(cases.length + 1);
            const key = `${file} ${hit.rule.toLowerCase()}`;
            found.set(key, (found.get(key) ?? new Set()).add(hit.event));
        }
        const missed = manifest.filter((row) => (found.get(`${row[column]} ${row[0].toLowerCase()}`)?.size ?? 0) < Number(row[7] || 1));
        assert.deepEqual(missed.map((row) => row[0]), []);
        const want = table(join(data, 'evtx/crossmatch-dev.tsv')).flatMap(([file, record, , ids]) => (ids ?? '').split(',').filter(Boolean)
            .map((id) => `${format === 'evtx' ? file.replace(/\.json$/, '.evtx') : file} ${id.toLowerCase()} ${Number(record) - 1}`));
        const have = [...found].flatMap(([key, records]) => [...records].map((record) => `${key} ${record}`));
        assert.deepEqual(have.sort(), want.sort());
    });
}

// The table's maker does not read NXLog's SourceName as Provider_Name (docs/decisions/0007-detection-shape.md), so rules
// that ask for the provider match here and not there.
const providerRules = new Set(['100ef69e-3327-481c-8e5c-6d80d9507556', '5a105d34-05fc-401e-8553-272b45c1522d',
    '70f00d10-60b2-4f34-b9a0-dc3df3fe762a', '1d61f71d-59d2-479e-9562-4ff5f4ead16b', 'a2e5019d-a658-4c6a-92bf-7197b54e2cae',
    'e9d4ab66-a532-4ef7-a502-66a9e4a34f5d']);

test('the Windows streams give the matches of the table, and only those of the provider beside them', { skip }, () => {
    const streams = join(data, 'windows-json');
    const inputs = readdirSync(streams).filter((f) => f.endsWith('.ndjson.zst')).sort().map((f) => join(streams, f));
    const counts = new Map();
    for (const hit of detect(inputs, ['--threads', '2'])) {
        const key = `${hit.file.slice(streams.length + 1)} ${hit.rule}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const want = table(join(streams, 'expected-matches.tsv'));
    const known = new Set(want.map((row) => row[0]));
    for (const [file, rule, events] of want) {
        const key = `${file} ${rule}`;
        assert.equal(counts.get(key) ?? 0, Number(events), key);
        counts.delete(key);
    }
    const more = [...counts.keys()].filter((key) => known.has(key.split(' ')[0]));
    assert.deepEqual(more.filter((key) => !providerRules.has(key.split(' ')[1])), []);
});
