// A disk that is full: ingest says so, readyz is red, nothing acknowledged is lost, and it goes on by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, sleep, temporaryFolder } from './server.mjs';

test('a full disk refuses clearly, loses nothing and heals by itself', { timeout: 180_000 }, async (t) => {
    const mount = temporaryFolder();
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', mount]).status !== 0) {
        rmSync(mount, { recursive: true, force: true });
        t.skip('this machine does not let the test mount a small disk');
        return;
    }
    const data = join(mount, 'data');
    mkdirSync(data);
    const server = new Server(data, ['--disk-reserve-mib', '16']);
    try {
        const ingest = addToken(data, 'ingest');
        const read = addToken(data, 'read');
        await server.start();
        let accepted = 0;
        let refusal;
        const body = () => Array.from({ length: 2000 }, () =>
            JSON.stringify({ fill: 'disk', noise: [...crypto.getRandomValues(new Uint8Array(48))].join('-') })).join('\n');
        const send = () => server.request('POST', '/api/v1/ingest?source=full&format=json', { token: ingest, body: body() });
        for (let i = 0; i < 2000 && !refusal; ++i) {
            const answer = await send();
            if (answer.status === 200) accepted += answer.json.accepted;
            else if (answer.status === 507) refusal = answer;
            else { assert.equal(answer.status, 429, answer.text); await sleep(100); }
        }
        assert.ok(refusal, 'the disk never became full');
        assert.match(refusal.json.error.message, /disk|space|free/);
        const red = await server.request('GET', '/readyz');
        assert.equal(red.status, 503, red.text);
        assert.equal(await server.count(read, 'fill:disk'), accepted);

        // Room comes back: the disk is made larger, as an operator would.
        assert.equal(spawnSync('mount', ['-o', 'remount,size=192m', mount]).status, 0);
        await eventually('ingest to go on', async () => {
            const answer = await send();
            if (answer.status === 200) accepted += answer.json.accepted;
            return answer.status === 200;
        });
        await eventually('readyz to be green', async () => (await server.request('GET', '/readyz')).status === 200);
        await server.kill();
        await server.start();
        assert.equal(await server.count(read, 'fill:disk'), accepted);
    } finally {
        await server.stop();
        spawnSync('umount', ['-l', mount]);
        rmSync(mount, { recursive: true, force: true });
    }
});
