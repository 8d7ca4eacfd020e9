// A thousand questions at once, light and heavy, while events come in: every one is answered, or told to come again and
// then answered; a light one gets through while heavy ones run; a cancelled one ends soon; memory stays within bounds.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, gac, sleep, temporaryFolder } from './server.mjs';

const questions = 1000;
const storedEvents = 150_000;
const memoryMaxMib = 1200;
const everything = { from: '1970-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };

const light = ['failed | limit 1', 'source.ip:10.0.0.1 | limit 5', '"connection refused" | limit 1', 'event.id < 20 | limit 3', '| limit 1'];
const heavy = [
    '| stats count() by source.ip | sort -count | limit 10', '| stats dcount(source.ip), count() by user.name', '*a*b*c* | stats count()',
    'not *zzzz* | sort -source.port | limit 20', '| stats count() by source.ip, source.port | limit 10', '*ssh* or *kernel* or *get*',
];

test('a thousand mixed questions under ingest', { timeout: 240_000 }, async () => {
    const data = temporaryFolder();
    const config = join(data, 'gac.yaml');
    writeFileSync(config, 'memtable_mib: 4\n');
    const server = new Server(data, ['--config', config]);
    const tokens = Object.fromEntries(['ingest', 'read'].map((scope) => [scope, addToken(data, scope)]));
    const made = gac(['generate', '--mix', 'province', '--events', String(storedEvents)]);
    assert.equal(made.code, 0, made.stderr);
    const kept = gac(['ingest', '--data', data, '--source', 'kept', '-'], made.stdout);
    assert.equal(kept.code, 0, kept.stderr);
    const fresh = made.stdout.split('\n').slice(0, 500).join('\n');
    made.stdout = '';
    const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: questions + 10 });
    try {
        await server.start();
        server.agent.destroy();
        server.agent = agent;
        const before = await server.count(tokens.read, '', everything);
        assert.equal(before, storedEvents);

        const put = (path, token, body, type) => server.request('POST', path, { token, headers: { 'Content-Type': type }, body, timeout: 120_000 });
        let refused = 0;
        // Until it is answered; how often it was sent away. Whoever is sent away is told when to come again.
        const ask = async (body, ends) => {
            for (let tries = 1; ; ++tries) {
                const answer = await put('/api/v1/search', tokens.read, JSON.stringify({ ...everything, ...body }), 'application/json');
                if (answer.status === 200) return { json: answer.json, tries };
                assert.ok([429, 503].includes(answer.status), `${answer.status} ${answer.text}`);
                assert.ok(Number(answer.headers['retry-after']) >= 1, `no Retry-After beside ${answer.status}`);
                ++refused;
                assert.ok(Date.now() < ends, `${JSON.stringify(body)} was sent away ${tries} times`);
                await sleep(1000 * Number(answer.headers['retry-after']) * (0.5 + Math.random()));
            }
        };

        let going = true;
        let taken = 0;
        const ingest = (async () => {
            while (going) {
                const answer = await put('/api/v1/ingest?source=live&format=auto', tokens.ingest, fresh, 'text/plain');
                if (answer.status === 200) taken += answer.json.accepted;
                else assert.ok([429, 503].includes(answer.status), answer.text);
                await sleep(50);
            }
        })();

        const begun = Date.now();
        const ends = begun + 150_000;
        const lightTimes = [];
        const all = Array.from({ length: questions }, async (_, i) => {
            const easy = i % 2 === 0;
            const list = easy ? light : heavy;
            const query = list[(i >> 1) % list.length];
            const body = { query, ...(i % 20 === 3 ? { histogram: { buckets: 100 }, facets: ['*'] } : {}) };
            const { json } = await ask(body, ends);
            // What is not whole says why.
            assert.ok(json.partial === false || /not finished|more than|memory/.test(json.partial), `${query}: ${json.partial}`);
            return easy;
        });
        let busy = true;
        const probes = (async () => {
            while (busy) {
                const sent = Date.now();
                const { json } = await ask({ query: 'event.id < 5 | limit 1' }, ends);
                assert.equal(json.rows.length, 1);
                lightTimes.push(Date.now() - sent);
                await sleep(300);
            }
        })();
        await Promise.all(all);
        busy = false;
        await probes;
        const took = Date.now() - begun;

        // Cancelling: from the word to the end of the question.
        const cancels = [];
        for (let i = 0; i < 5; ++i) {
            const name = `c${i}`;
            const asked = ask({ query: `*a*b*c*d*e*f*${i}* | stats count() by event.original`, search_id: name }, ends);
            let stopped = false;
            while (!stopped) {
                const sent = Date.now();
                const answer = await put('/api/v1/search/cancel', tokens.read, JSON.stringify({ search_id: name }), 'application/json');
                assert.equal(answer.status, 200, answer.text);
                stopped = answer.json.cancelled;
                if (stopped) {
                    const { json } = await asked;
                    assert.equal(json.partial, 'cancelled');
                    cancels.push(Date.now() - sent);
                } else if (await Promise.race([asked.then(() => true), sleep(1).then(() => false)])) {
                    break;   // it was over before
                }
            }
        }
        going = false;
        await ingest;
        assert.ok(taken > 0);
        assert.equal(await server.count(tokens.read, '', everything), storedEvents + taken);
        const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`))[1]) / 1024;
        lightTimes.sort((a, b) => a - b);
        console.log(`${questions} questions in ${took} ms, ${refused} times sent away, ${taken} events meanwhile; a light one: `
            + `median ${lightTimes[lightTimes.length >> 1]} ms, longest ${lightTimes.at(-1)} ms; cancelled within ${cancels.join(', ')} ms; peak ${Math.round(peak)} MiB`);
        assert.ok(peak < memoryMaxMib, `${peak} MiB`);
        assert.ok(cancels.length > 0 && Math.min(...cancels) < 1000, `cancelling took ${cancels} ms`);
        assert.ok(lightTimes.at(-1) < 30_000, `a light question waited ${lightTimes.at(-1)} ms`);
        assert.equal((await server.stop()).code, 0, server.log);
    } finally {
        agent.destroy();
        await server.stop();
        server.remove();
    }
});
