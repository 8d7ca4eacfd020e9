// The life of event history on the real program: merging, legal hold, deletion, backup and restore, export.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Server, addToken, gac, temporaryFolder } from './server.mjs';

const folder = temporaryFolder();
const data = join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));

function ok(args, input) {
    const run = gac(args, input);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
}
const count = (where, query = '*') => JSON.parse(ok(['search', `${query} | stats count()`, '--data', where, '--json'])).count;
const lines = (from, n) => Array.from({ length: n }, (_, i) => JSON.stringify({ n: from + i, who: i % 4 ? 'an' : 'binh' })).join('\n') + '\n';

test('files put in are merged, and every event stays', () => {
    for (let i = 0; i < 3; ++i) ok(['ingest', '--data', data, '--format', 'json', '--source', `s${i}`, '-'], lines(i * 1000, 1000));
    assert.match(ok(['history', 'show', '--data', data]), /3000 events[^]*3 segments, .*: 0 merged, 3 fresh/);
    assert.match(ok(['history', 'merge', '--data', data]), /3000 events: 3 segments .* became 1 of/);
    assert.equal(count(data), 3000);
    assert.equal(count(data, 'gac.source:s1'), 1000);
});

test('exports hold every event, plain and packed', () => {
    const all = ok(['export', '*', '--data', data]).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(all.length, 3000);
    assert.equal(new Set(all.map((event) => event['event.id'])).size, 3000);
    const packed = join(folder, 'out.csv.gz');
    ok(['export', 'who:binh | fields n, who', '--data', data, '--format', 'csv', '--out', packed]);
    const rows = gunzipSync(readFileSync(packed)).toString().trim().split('\r\n');
    assert.equal(rows[0], 'n,who');
    assert.equal(rows.length, 751);
    assert.equal(gac(['export', '*', '--data', data, '--out', packed]).code, 2);  // never over a file that is there
    assert.equal(gac(['export', '* | stats count()', '--data', data]).code, 2);
});

test('a backup is verified, restored, and takes only what is new', () => {
    const backups = join(folder, 'backups');
    ok(['backup', '--data', data, '--to', backups]);
    const second = gac(['backup', '--data', data, '--to', backups]);
    // In the same second the name is taken: nothing is written over.
    if (second.code !== 0) assert.match(second.stderr, /already/);
    ok(['backup', 'verify', '--from', backups]);
    const copy = join(folder, 'copy');
    ok(['restore', '--from', backups, '--data', copy]);
    assert.equal(count(copy), 3000);
    assert.match(ok(['audit', 'verify', '--data', copy]), /rows in order/);
    assert.equal(gac(['restore', '--from', backups, '--data', copy]).code, 2);
    const segment = join(backups, 'segments', readdirSync(join(backups, 'segments'))[0]);
    const bytes = readFileSync(segment);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(segment, bytes);
    const damaged = gac(['backup', 'verify', '--from', backups]);
    assert.equal(damaged.code, 2);
    assert.ok(damaged.stderr.includes(segment), damaged.stderr);
    assert.equal(gac(['restore', '--from', backups, '--data', join(folder, 'other')]).code, 2);
    assert.ok(!existsSync(join(folder, 'other')));
});

test('deletion counts first, spares what is held, and proves what it did', () => {
    const id = ok(['history', 'hold', 'who:binh', '--source', 's2', '--name', 'Vụ 12', '--reason', 'công văn', '--data', data]).trim();
    assert.match(ok(['history', 'delete', 'who:binh', '--reason', 'thử', '--data', data]), /^500 events would be deleted.*250 more are under/);
    assert.equal(count(data), 3000);
    const doomed = ok(['export', 'who:binh and not gac.source:s2', '--data', data]).trim().split('\n').map((line) => JSON.parse(line));
    const said = ok(['history', 'delete', 'who:binh', '--reason', 'yêu cầu 7', '--yes', '--data', data]);
    assert.match(said, /^500 events deleted, 250 kept/);
    let sum = 0n;
    for (const event of doomed) {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(BigInt(event['event.id']));
        sum += BigInt(`0x${createHash('sha256').update(number).update(event['event.original']).digest('hex')}`);
    }
    const fingerprint = (sum % (1n << 256n)).toString(16).padStart(64, '0');
    assert.ok(said.includes(fingerprint), said);
    assert.equal(count(data), 2500);
    assert.equal(count(data, 'who:binh'), 250);
    ok(['history', 'lift', id, '--reason', 'xong', '--data', data]);
    ok(['history', 'delete', 'who:binh', '--reason', 'thử', '--yes', '--data', data]);
    assert.equal(count(data, 'who:binh'), 0);
    assert.match(ok(['audit', 'verify', '--data', data]), /rows in order/);
    assert.equal(gac(['history', 'delete', '* | limit 3', '--reason', 'x', '--yes', '--data', data]).code, 2);
    assert.equal(gac(['history', 'delete', '* | where n:3', '--reason', 'x', '--yes', '--data', data]).code, 2);
    assert.equal(gac(['history', 'hold', '* | where n:3', '--name', 'x', '--reason', 'x', '--data', data]).code, 2);
    assert.equal(gac(['history', 'delete', '*', '--data', data]).code, 2);
});

test('a running server backs up, exports and deletes over HTTP; drills go with their events', async () => {
    const server = new Server();
    const ingest = addToken(server.data, 'ingest');
    const admin = addToken(server.data, 'admin');
    await server.start();
    try {
        const sent = await server.request('POST', '/api/v1/ingest?source=live&format=json', { token: ingest, body: lines(0, 2000) });
        assert.equal(sent.json.accepted, 2000);
        assert.equal(gac(['history', 'merge', '--data', server.data]).code, 2);
        const backups = join(folder, 'live');
        ok(['backup', '--data', server.data, '--to', backups]);
        ok(['restore', '--from', backups, '--data', join(folder, 'live-copy')]);
        assert.equal(count(join(folder, 'live-copy')), 2000);
        const out = await server.request('GET', '/api/v1/history/export?query=who%3Abinh', { token: admin });
        assert.equal(out.status, 200);
        assert.equal(out.text.trim().split('\n').length, 500);
        const gone = await server.request('POST', '/api/v1/history/delete', {
            token: admin, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query: 'who:binh', confirm: true, reason: 'thử' }),
        });
        assert.equal(gone.status, 200, gone.text);
        assert.equal(gone.json.events, 500);
        assert.equal((await server.request('GET', '/api/v1/history', { token: admin })).json.events, 1500);
        const trail = await server.request('GET', '/api/v1/audit?action=history.delete', { token: admin });
        assert.equal(trail.json.entries.length, 1);
        assert.equal(JSON.parse(JSON.stringify(trail.json.entries[0].detail)).fingerprint, gone.json.fingerprint);
    } finally {
        await server.stop();
    }
    assert.equal(count(server.data), 1500);
    server.remove();
});
