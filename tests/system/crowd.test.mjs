// A thousand searches at once by several askers while events come in: every one is answered, or told to come again and then
// answered; nobody's short one is held up by another's long ones; who goes away leaves his place at once; memory is bounded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { test } from 'node:test';
import { Server, addToken, eventually, gac, sleep, temporaryFolder } from './server.mjs';

const stored = 40_000;
const memoryMaxMib = 400;
const everything = { from: '1970-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
// Of what was there before; each with what the answer must be, where that does not depend on the mix.
const short = [
    { query: 'failed | limit 1', rows: 1 }, { query: 'source.ip:10.0.0.1 | limit 5' }, { query: 'event.id < 20 | limit 3', rows: 3 },
    { query: '"connection refused" | limit 1' }, { query: '| limit 1', rows: 1 }, { query: 'event.id < 5 | stats count()', rows: 1 },
];
const middling = [
    { query: 'gac.source:kept | stats count()', count: stored }, { query: 'gac.source:kept | stats count() by user.name | sort -count | limit 10', rows: 10 },
    { query: 'gac.source:kept not *zzzz* | sort -source.port | limit 20', rows: 20 }, { query: 'gac.source:kept | stats dcount(source.ip) by host.name | limit 5', rows: 5 },
];
// Looks at every event, and for long at each: ends when its time is over.
const long = { query: `${['a', 'e', 'i', 'o', 'u', 'y'].map((letter) => `event.original:/(\\d+.*){6}(${letter}|x)+z{3}$/`).join(' or ')} | stats count()` };
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

test('a thousand searches at once', { timeout: 150_000 }, async (t) => {
    const data = temporaryFolder();
    const server = new Server(data);
    const ingest = addToken(data, 'ingest');
    const [watcher, greedy, ...others] = ['watcher', 'greedy', 'one', 'two', 'three'].map((name) => {
        const made = gac(['token', 'add', name, '--scope', 'read', '--data', data]);
        assert.equal(made.code, 0, made.stderr);
        return made.stdout.trim();
    });
    const lines = gac(['generate', '--mix', 'province', '--events', String(stored)]).stdout;
    const kept = gac(['ingest', '--data', data, '--source', 'kept', '-'], lines);
    assert.equal(kept.code, 0, kept.stderr);
    const fresh = lines.split('\n').slice(0, 200).join('\n');
    const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 1100 });
    let sentAway = 0;
    let going = true;
    let taken = 0;

    // A search whose client may go away: hang up with `leave`.
    const begin = (token, body) => {
        const out = https.request({
            host: '127.0.0.1', port: server.port, method: 'POST', path: '/api/v1/search', agent, timeout: 120_000,
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        });
        const answered = new Promise((done) => {
            out.on('response', (response) => {
                const parts = [];
                response.on('data', (part) => parts.push(part));
                response.on('error', done);
                response.on('end', () => done({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
            });
            out.on('timeout', () => out.destroy(new Error('no answer')));
            out.on('error', done);
        });
        out.end(JSON.stringify({ ...everything, ...body }));
        return { answered, leave: () => out.destroy() };
    };
    // Until it is answered. Whoever is sent away is told when to come again.
    const ask = async (token, body, ends = Date.now() + 60_000) => {
        for (;;) {
            const answer = await begin(token, body).answered;
            if (answer.status === 200) return JSON.parse(answer.text);
            assert.ok([429, 503].includes(answer.status), `${answer.status ?? answer} ${answer.text}`);
            const seconds = Number(answer.headers['retry-after']);
            assert.ok(seconds >= 1, `no Retry-After beside ${answer.status}`);
            ++sentAway;
            assert.ok(Date.now() < ends, `${body.query} was sent away until the end`);
            await sleep(1000 * seconds);
        }
    };
    const metrics = async () => {
        let page;
        do page = await server.request('GET', '/metrics', { token: watcher });
        while (page.status === 429 && await sleep(20) === undefined);   // who looks often has to wait as well
        assert.equal(page.status, 200, page.text);
        const of = (name) => Number(page.text.split('\n').find((row) => row.startsWith(`${name} `))?.split(' ').at(-1) ?? 0);
        return { running: of('gac_searches_running'), waiting: of('gac_searches_waiting') };
    };
    const idle = () => eventually('no search to run', async () => (await metrics()).running === 0);

    try {
        await server.start();
        const firstIngest = Date.now();
        const sender = (async () => {
            while (going) {
                const answer = await server.request('POST', '/api/v1/ingest?source=live&format=auto', { token: ingest, headers: { 'Content-Type': 'text/plain' }, body: fresh });
                if (answer.status === 200) taken += answer.json.accepted;
                else assert.ok([429, 503].includes(answer.status), answer.text);
                await sleep(50);
            }
        })();

        await t.test('every one is answered', async () => {
            const begun = Date.now();
            const times = { short: [], middling: [], long: [] };
            await Promise.all(Array.from({ length: 1000 }, async (_, i) => {
                const kind = i % 10 === 0 ? 'long' : i % 10 < 4 ? 'middling' : 'short';
                const wanted = kind === 'long' ? long : kind === 'middling' ? middling[i % middling.length] : short[i % short.length];
                const token = kind === 'long' ? greedy : others[i % others.length];
                const answer = await ask(token, { query: wanted.query, ...(kind === 'long' ? { timeout_ms: 1000 } : {}) }, begun + 60_000);
                times[kind].push(Date.now() - begun);
                // What is not whole says why.
                if (kind === 'long') assert.ok(answer.partial === false || /not finished within/.test(answer.partial), `${answer.partial}`);
                else assert.equal(answer.partial, false, wanted.query);
                if (wanted.rows !== undefined) assert.equal(answer.rows.length, wanted.rows, wanted.query);
                if (wanted.count !== undefined) assert.equal(answer.rows[0].count, wanted.count);
            }));
            t.diagnostic(`1,000 answered in ${Date.now() - begun} ms, sent away ${sentAway} times; ended in the middle and at last: `
                + Object.entries(times).map(([kind, all]) => `${kind} ${median(all)} and ${Math.max(...all)} ms`).join(', '));
            assert.equal(times.short.length, 600);
            // Nobody starves: the many long ones of one asker are not the first to be done.
            assert.ok(median(times.short) < Math.max(...times.long), 'short ones were held up by long ones');
        });

        await t.test('a short one is not held up by long ones of another', async () => {
            let open = 150;
            const many = Array.from({ length: 150 }, () => {
                const search = begin(greedy, { ...long, timeout_ms: 10_000 });
                search.answered.then(() => { --open; });
                return search;
            });
            await eventually('long ones to run', async () => (await metrics()).running >= 4);
            const times = [];
            for (let i = 0; i < 12; ++i) {
                const begun = Date.now();
                const answer = await ask(others[0], { query: short[i % short.length].query });
                times.push(Date.now() - begun);
                assert.equal(answer.partial, false);
            }
            assert.ok(open > 100, `${open} long ones were left: they were not long`);
            t.diagnostic(`short ones beside ${open} long ones: ${times.join(', ')} ms`);
            assert.ok(median(times) < 1000, `${times} ms`);
            assert.ok(Math.max(...times) < 3000, `${times} ms`);

            // All of them go away: those that ran are cancelled, those that waited never run.
            const begun = Date.now();
            const were = open;
            for (const search of many) search.leave();
            await idle();
            const left = Date.now() - begun;
            t.diagnostic(`${were} went away within ${left} ms`);
            assert.ok(left < 2000, `they ran on for ${left} ms`);
            assert.equal((await ask(greedy, { query: short[2].query })).rows.length, 3);
        });

        await t.test('who goes away leaves his place within 100 ms', async () => {
            const times = [];
            const looks = [];   // how long only looking takes
            for (let i = 0; i < 9; ++i) {
                await idle();
                const search = begin(greedy, { ...long, timeout_ms: 30_000 });
                let over = false;
                search.answered.then(() => { over = true; });
                while ((await metrics()).running === 0) assert.ok(!over, 'it was over before it was seen: it is not long');
                const looked = Date.now();
                await metrics();
                const begun = Date.now();
                looks.push(begun - looked);
                search.leave();
                while ((await metrics()).running > 0) assert.ok(Date.now() - begun < 5000, 'it runs on');
                times.push(Date.now() - begun);
            }
            t.diagnostic(`places left within ${times.join(', ')} ms; looking took ${looks.join(', ')} ms`);
            assert.ok(Math.min(...times) <= 100, `${times} ms`);
            assert.ok(median(times) <= 100 + 3 * median(looks), `${times} ms`);
        });

        going = false;
        await sender;
        assert.ok(taken > 200, 'hardly any events came in');
        assert.equal(await server.count(watcher), stored + taken);
        const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
        t.diagnostic(`${taken} events within ${Date.now() - firstIngest} ms meanwhile; at most ${Math.round(peak)} MiB`);
        assert.ok(peak < memoryMaxMib, `${peak} MiB`);
        assert.equal((await server.stop()).code, 0, server.log);
    } finally {
        going = false;
        agent.destroy();
        await server.stop();
        server.remove();
    }
});
