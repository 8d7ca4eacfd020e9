// Correlation over several threads and over a crash: the same hits for any number of threads, and a count that goes on
// where it was after kill -9, once.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, gac, sleep, temporaryFolder } from './server.mjs';

const rule = `title: Failed
name: failed
id: 7d0a3f0e-6a1b-4c52-9a55-0d3f2f8f0001
logsource: {product: linux}
detection: {selection: {event.outcome: failure}, condition: selection}
---
title: Spray
id: 7d0a3f0e-6a1b-4c52-9a55-0d3f2f8f0002
correlation:
    type: event_count
    rules: [failed]
    group-by: [source.ip]
    timespan: 1h
    condition: {gte: 60}
level: high
---
title: Many names
name: names
id: 7d0a3f0e-6a1b-4c52-9a55-0d3f2f8f0003
correlation:
    type: value_count
    rules: [failed]
    group-by: [source.ip]
    timespan: 10m
    condition: {field: user.name, gte: 8}
    generate: true
---
title: Many sources of many names
id: 7d0a3f0e-6a1b-4c52-9a55-0d3f2f8f0004
correlation:
    type: event_count
    rules: [names]
    timespan: 10m
    condition: {gte: 5}
`;

function rules(folder) {
    const path = join(folder, 'spray-rules');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'spray.yml'), rule);
    return path;
}

const line = (n, source, seconds) => JSON.stringify({
    '@timestamp': new Date(Date.UTC(2026, 10, 20, 1, 0, 0) + seconds * 1000).toISOString(),
    host: { name: 'srv1', os: { type: 'linux' } }, event: { outcome: 'failure' }, source: { ip: source }, user: { name: `user${n}` },
});

test('gac detect finds the same on any number of threads', { timeout: 120_000 }, () => {
    const folder = temporaryFolder();
    const files = [];
    for (let f = 0; f < 3; ++f) {
        const lines = [];
        for (let i = 0; i < 6_000; ++i) {
            const late = i % 7 === 0 ? 40 : 0;   // some arrive out of order
            lines.push(line(i % 97, `10.0.${f}.${(i * i) % 23}`, i / 5 - late));
        }
        files.push(join(folder, `part${f}.ndjson`));
        writeFileSync(files[f], lines.join('\n'));
    }
    const run = (threads) => gac(['detect', '--json', '--threads', String(threads), '--rules', rules(folder), '--', ...files]);
    const one = run(1);
    assert.equal(one.code, 0, one.stderr);
    assert.ok(one.stdout.split('\n').filter((l) => l.includes('"kind":"correlation"')).length > 30);
    assert.ok(one.stdout.includes('Many sources of many names'));
    for (const threads of [2, 4]) {
        assert.equal(run(threads).stdout, one.stdout, `${threads} threads`);
    }
});

for (const shards of [1, 3]) {
    test(`a spray counts on over kill -9, ${shards} shards`, { timeout: 180_000 }, async () => {
        const data = temporaryFolder();
        const server = new Server(data, ['--rules', rules(data), '--shards', String(shards)]);
        const ingest = addToken(server.data, 'ingest');
        const read = addToken(server.data, 'read');
        let sent = 0;
        const send = async (count) => {
            for (let i = 0; i < count; ++i, ++sent) {
                const answer = await server.request('POST', `/api/v1/ingest?source=host${sent % 5}&format=json`, {
                    token: ingest, body: line(sent % 3, '203.0.113.9', sent),
                });
                assert.equal(answer.status, 200, answer.text);
            }
        };
        const alerts = async () => {
            const page = await server.request('GET', '/api/v1/alerts?limit=500', { token: read });
            assert.equal(page.status, 200, page.text);
            return page.json.alerts.filter((alert) => alert.rule_title === 'Spray');
        };
        try {
            // Killed at once, after a second (the raise mark has moved), and after the windows were saved.
            for (const wait of [0, 0, 3_000, 0, 12_000]) {
                await server.start();
                await send(11);
                await sleep(wait);
                assert.equal((await alerts()).length, 0, `${sent} were enough`);
                await server.kill();
            }
            await server.start();
            await send(4);
            await sleep(1_000);
            assert.equal((await alerts()).length, 0, '59 were enough: some were counted twice');
            await send(1);
            const [alert] = await eventually('the alert', async () => {
                const found = await alerts();
                return found.length > 0 && found;
            });
            assert.equal(alert.count, 60);
            assert.equal(Date.parse(alert.first), Date.UTC(2026, 10, 20, 1, 0, 0));
            await server.kill();
            await server.start();
            await sleep(1_000);
            const after = await alerts();
            assert.equal(after.length, 1, 'raised twice');
            assert.equal(after[0].count, 60);
            assert.equal((await server.stop()).code, 0);
        } finally {
            await server.stop();
            server.remove();
        }
    });
}
