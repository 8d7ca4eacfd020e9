// Kill -9 during HTTP ingest at full speed, twenty times at random moments: after the restart every acknowledged event
// is there exactly once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, addToken, eventually, sleep } from './server.mjs';

const kills = 20;
const linesPerRequest = 200;

test('every acknowledged event survives twenty kills, exactly once', { timeout: 300_000 }, async () => {
    const server = new Server();
    const ingest = addToken(server.data, 'ingest');
    const read = addToken(server.data, 'read');
    const acknowledged = new Set();
    const unsure = new Set();   // sent, but the answer never came: may or may not be there
    let next = 0;
    try {
        for (let round = 0; round < kills; ++round) {
            await server.start();
            let going = true;
            const send = async () => {
                while (going) {
                    const batch = next++;
                    const lines = Array.from({ length: linesPerRequest }, (_, i) =>
                        JSON.stringify({ batch: `b${batch}`, line: i, message: `event ${i} of batch ${batch}` }));
                    try {
                        const answer = await server.request('POST', '/api/v1/ingest?source=crash&format=json', {
                            token: ingest, headers: { 'Content-Type': 'application/x-ndjson' }, body: lines.join('\n'),
                        });
                        if (answer.status === 200) {
                            assert.equal(answer.json.accepted, linesPerRequest);
                            acknowledged.add(`b${batch}`);
                        } else {
                            assert.ok([429, 503].includes(answer.status), answer.text);
                            await sleep(20);
                        }
                    } catch {
                        unsure.add(`b${batch}`);
                        return;   // the server is gone
                    }
                }
            };
            const senders = [send(), send(), send()];
            await sleep(50 + Math.random() * 700);
            await server.kill();
            going = false;
            await Promise.all(senders);
        }
        assert.ok(acknowledged.size > kills, `only ${acknowledged.size} requests were acknowledged`);
        await server.start();
        const table = await eventually('the store to answer', async () =>
            server.search(read, 'message:event* | stats count() by batch | limit 10000', { limit: 10_000 }));
        assert.equal(table.partial, false);
        const stored = new Map(table.rows.map((row) => [row.batch, row.count]));
        for (const batch of acknowledged) {
            assert.equal(stored.get(batch), linesPerRequest, `batch ${batch}`);
        }
        for (const [batch, count] of stored) {
            assert.ok(acknowledged.has(batch) || unsure.has(batch), `nobody sent ${batch}`);
            assert.ok(count <= linesPerRequest, `batch ${batch} stands ${count} times`);
        }
        console.log(`${acknowledged.size * linesPerRequest} events acknowledged over ${kills} kills`);
        assert.equal((await server.stop()).code, 0);
    } finally {
        await server.stop();
        server.remove();
    }
});
