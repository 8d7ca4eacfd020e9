// Real logs, where the data packs lie beside the checkout (GAC_SHARED names another place): put in by `gac ingest`, every
// line is one event and comes back byte for byte, and words find the lines that hold them. Nothing of the packs is part of
// this project.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, addToken, gac, root, temporaryFolder } from './server.mjs';

const shared = process.env.GAC_SHARED ?? resolve(root, '../shared');
const logs = join(shared, 'data/logs');
const skip = existsSync(join(logs, 'loghub')) ? false : `no data packs at ${logs}`;

const files = skip ? [] : [
    ...readdirSync(join(logs, 'loghub')).filter((name) => name.endsWith('.log')).map((name) => join(logs, 'loghub', name)),
    join(logs, 'auth/auth.log'), join(logs, 'webserver/apache_access_combined.log'), join(logs, 'suricata/eve_alerts.ndjson'),
    join(logs, 'zeek/apt29_day1_zeek_json.log'), join(logs, 'zeek/apt29_day2_zeek_json.log'),
];
const sourceOf = (file) => basename(file).replace(/\W/g, '-').toLowerCase();
const linesOf = (file) => readFileSync(file, 'utf8').split('\n').map((line) => line.replace(/\r$/, '')).filter((line) => line.trim() !== '');
const everything = { from: '1900-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' };

// A small memory table, so that most of it is answered from segments.
const data = skip ? undefined : temporaryFolder();
const config = skip ? undefined : join(data, 'gac.yaml');
const server = skip ? undefined : new Server(data, ['--config', config]);
let read;

before(async () => {
    if (skip) return;
    writeFileSync(config, 'memtable_mib: 1\n');
    read = addToken(server.data, 'read');
    for (const file of files) {
        const run = gac(['ingest', '--data', server.data, '--source', sourceOf(file), file]);
        assert.equal(run.code, 0, `${file}: ${run.stderr}`);
    }
    await server.start();
});
after(async () => {
    if (skip) return;
    await server.stop();
    server.remove();
});

async function originals(source) {
    const found = [];
    for (let cursor = ''; cursor !== null;) {
        const page = await server.search(read, `gac.source:${source} | fields event.id, event.original`, { ...everything, limit: 10_000, cursor });
        assert.equal(page.partial, false);
        found.push(...page.rows);
        cursor = page.cursor;
    }
    assert.equal(new Set(found.map((row) => row['event.id'])).size, found.length, 'an event stands twice');
    return found.sort((a, b) => a['event.id'] - b['event.id']).map((row) => row['event.original']);
}

// Few, some and many: words by how many lines hold them. By the book of docs/search.md, so that "_" is no letter.
function wordsOf(lines) {
    const counts = new Map();
    for (const line of lines) {
        for (const word of new Set(line.toLowerCase().match(/[a-z0-9\u0080-\uffff]+/g))) {
            counts.set(word, (counts.get(word) ?? 0) + 1);
        }
    }
    const plain = [...counts].filter(([word]) => /^[a-z0-9]+$/.test(word) && !['and', 'or', 'not'].includes(word)).sort((a, b) => a[1] - b[1]);
    return [0, 0.2, 0.5, 0.8, 0.95, 0.99, 1].map((share) => plain[Math.min(plain.length - 1, Math.floor(plain.length * share))]);
}

for (const file of files) {
    test(`${basename(file)} in, counted, searched and out again`, { timeout: 120_000 }, async () => {
        const lines = linesOf(file);
        const source = sourceOf(file);
        assert.ok(lines.length > 100);
        assert.equal(await server.count(read, `gac.source:${source}`, everything), lines.length);
        assert.deepEqual(await originals(source), lines);
        for (const [word, count] of wordsOf(lines)) {
            assert.equal(await server.count(read, `gac.source:${source} and "${word}"`, everything), count, `word ${word}`);
            assert.equal(await server.count(read, `gac.source:${source} and not ${word}`, everything), lines.length - count, `not ${word}`);
        }
        const half = lines[lines.length >> 1];
        const phrase = half.slice(half.indexOf(' ', 20) + 1).split(' ').slice(0, 3).join(' ').replace(/[\\"]/g, (c) => `\\${c}`);
        assert.ok(await server.count(read, `gac.source:${source} and "${phrase}"`, everything) >= 1, phrase);
    });
}

test('all of it is still there after a restart', { skip, timeout: 120_000 }, async () => {
    const all = files.reduce((sum, file) => sum + linesOf(file).length, 0);
    assert.equal(await server.count(read, '', everything), all);
    assert.equal((await server.stop()).code, 0, server.log);
    await server.start();
    assert.equal(await server.count(read, '', everything), all);
});

if (skip) test('real logs', { skip }, () => {});
