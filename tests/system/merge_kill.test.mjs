// Kill -9 amid merging, at random moments, of the command and of the server: whatever was acknowledged is there exactly
// once, and the store opens without a complaint.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, binary, eventually, gac, sleep, temporaryFolder } from './server.mjs';

const segments = (data) => join(data, 'events', 'segments');
const names = (data) => readdirSync(segments(data)).sort();

// Each event carries its own number, so that a lost or doubled one is seen.
const lines = (from, n) => Array.from({ length: n }, (_, i) => JSON.stringify({
    number: from + i, block: `b${Math.floor((from + i) / 1000)}`, message: `event ${from + i} of many, with a text of its own ${(from + i) * 7919 % 1e6}`,
    '@timestamp': new Date(Date.UTC(2026, 10, 1 + (from + i) % 5, 0, 0, (from + i) % 3600)).toISOString(),
})).join('\n') + '\n';

function ok(args, input) {
    const run = gac(args, input);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
}

// The store is whole: every event once, nothing found damaged.
function check(data, events) {
    const shown = gac(['history', 'show', '--data', data]);
    assert.equal(shown.code, 0, shown.stderr);
    assert.ok(shown.stdout.startsWith(`${events} events`) || shown.stdout.includes(`\n${events} events`), shown.stdout);
    assert.doesNotMatch(shown.stdout + shown.stderr, /damage|not on the list|left out/);
    const table = ok(['search', '| stats count(), dcount(number), min(number), max(number)', '--data', data, '--json']);
    const row = JSON.parse(table);
    assert.deepEqual([row['count()'] ?? row.count, row['min(number)'], row['max(number)']], [events, 0, events - 1], table);
    const blocks = ok(['search', '| stats count() by block | limit 10000', '--data', data, '--limit', '10000', '--json']).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(blocks.length, events / 1000);
    for (const block of blocks) assert.equal(block.count, 1000, JSON.stringify(block));
}

test('gac history merge, killed again and again', { timeout: 120_000 }, async () => {
    const data = temporaryFolder();
    const server = new Server(data);
    let events = 0;
    const add = (files, each) => {
        for (let i = 0; i < files; ++i, events += each) ok(['ingest', '--data', data, '--format', 'json', '--source', `s${i % 3}`, '-'], lines(events, each));
    };
    try {
        add(6, 2000);
        // How long one takes when it is left alone, on a copy.
        const copy = join(temporaryFolder(), 'copy');
        ok(['backup', '--data', data, '--to', `${copy}-backup`]);
        ok(['restore', '--from', `${copy}-backup`, '--data', copy]);
        const began = Date.now();
        ok(['history', 'merge', '--data', copy]);
        const whole = Date.now() - began;
        let amid = 0;   // killed before it was done
        let begun = 0;  // with a new file already there
        const end = Date.now() + 10_000;
        let kills = 0;
        for (; kills < 40 && (Date.now() < end || kills < 8); ++kills) {
            const before = names(data);
            const child = spawn(binary, ['history', 'merge', '--data', data], { stdio: 'ignore' });
            const exit = new Promise((done) => child.once('exit', (code, signal) => done(signal)));
            await sleep(Math.random() * whole * 1.1);
            child.kill('SIGKILL');
            if (await exit === 'SIGKILL') ++amid;
            if (names(data).some((name) => !before.includes(name))) ++begun;
            if (kills % 8 === 7) check(data, events);
            if (names(data).length < 3) add(3, 1000);   // it was done: more to merge
        }
        check(data, events);
        assert.ok(amid >= 5, `only ${amid} of ${kills} kills came before the end`);
        assert.ok(begun >= 1, 'no kill came while a file was being made');
        ok(['history', 'merge', '--data', data]);
        check(data, events);
        console.log(`${kills} kills, ${amid} before the end, ${begun} with a new file begun, of merges that take ${whole} ms`);
    } finally {
        server.remove();
    }
});

test('a server that merges while events come in, killed again and again', { timeout: 120_000 }, async () => {
    const data = temporaryFolder();
    const config = join(data, 'gac.yaml');
    // Small tables make many files.
    writeFileSync(config, 'memtable_mib: 1\nshipped_rules: false\n');
    const server = new Server(data, ['--config', config]);
    const ingest = addToken(data, 'ingest');
    const read = addToken(data, 'read');
    const acknowledged = new Set();
    const unsure = new Set();
    let block = 0;
    // Enough files for a merge to begin at once.
    for (; block < 9; ++block) {
        ok(['ingest', '--data', data, '--format', 'json', '--source', 'old', '-'], lines(block * 1000, 1000));
        acknowledged.add(`b${block}`);
    }
    let begun = 0;   // kills with a file of a merge not yet on the list
    const amidMerge = () => names(data).some((name) => /^m.*tmp$/.test(name));
    const metric = async (name) => {
        const page = await server.request('GET', '/metrics', { token: read });
        return Number(page.text.split('\n').find((row) => row.startsWith(`${name} `)).split(' ').at(-1));
    };
    const begin = Date.now();
    try {
        let kills = 0;
        for (; kills < 12 && (Date.now() - begin < 12_000 || kills < 4); ++kills) {
            await server.start();
            let going = true;
            const send = async () => {
                while (going) {
                    const mine = block++;
                    try {
                        const answer = await server.request('POST', '/api/v1/ingest?source=live&format=json', {
                            token: ingest, headers: { 'Content-Type': 'application/x-ndjson' }, body: lines(mine * 1000, 1000),
                        });
                        if (answer.status === 200) acknowledged.add(`b${mine}`);
                        else assert.ok([429, 503].includes(answer.status), answer.text);
                    } catch {
                        unsure.add(`b${mine}`);
                        return;
                    }
                }
            };
            const senders = [send(), send()];
            for (const end = Date.now() + 3000; Date.now() < end && !amidMerge(); await sleep(5));
            await sleep(Math.random() * 100);
            // As it began: asking now would let the moment pass.
            assert.doesNotMatch(server.log, /damage|not on the list|left out/);
            await server.kill();
            going = false;
            await Promise.all(senders);
            begun += amidMerge() ? 1 : 0;
        }
        await server.start();
        const whole = async () => {
            const table = await server.search(read, '| stats count() by block | limit 10000', { limit: 10_000 });
            assert.equal(table.partial, false);
            const stored = new Map(table.rows.map((row) => [row.block, row.count]));
            for (const name of acknowledged) assert.equal(stored.get(name), 1000, name);
            for (const [name, count] of stored) {
                assert.ok(acknowledged.has(name) || unsure.has(name), `nobody sent ${name}`);
                assert.ok(count <= 1000, `${name} stands ${count} times`);
            }
        };
        await whole();
        // What was broken off is done now.
        await eventually('a merge', async () => await metric('gac_history_merges_total') > 0, 30_000);
        await whole();
        assert.equal(await metric('gac_history_damages'), 0, server.log);
        assert.doesNotMatch(server.log, /damage|not on the list|left out/);
        console.log(`${acknowledged.size} bodies acknowledged over ${kills} kills, ${begun} of them amid a merge`);
        assert.ok(begun > 0, 'no kill came amid a merge');
        assert.equal((await server.stop()).code, 0, server.log);
    } finally {
        await server.stop();
        server.remove();
    }
});
