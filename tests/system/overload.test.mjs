// More than the server can take, and rules that change under load: memory stays flat, every event is stored, refused with
// an answer or counted as dropped, and no event goes unjudged.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, sleep, temporaryFolder } from './server.mjs';

const stamp = '2026-11-22T14:00:00Z';
const writeLines = 100;   // of one write; ten writes share a block name, and each block must be stored whole, once
const bodyLines = 5000;   // of one HTTP body
const blockOf = (n) => Math.floor(n / 10);
const add = (counts, key, n) => counts.set(key, (counts.get(key) ?? 0) + n);
const sum = (counts) => [...counts.values()].reduce((a, b) => a + b, 0);
const sorted = (counts) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));

// A server with its own rules folder and small bounds, so that they are reached soon.
async function withServer(settings, run) {
    const data = temporaryFolder();
    const rules = join(data, 'own-rules');
    mkdirSync(rules);
    const config = join(data, 'gac.yaml');
    writeFileSync(config, `shipped_rules: false\nrules: ["${rules}"]\n${settings}`);
    const server = new Server(data, ['--config', config]);
    const tokens = Object.fromEntries(['ingest', 'read'].map((scope) => [scope, addToken(data, scope)]));
    const metric = async (name) => {
        const page = await server.request('GET', '/metrics', { token: tokens.read });
        const line = page.text.split('\n').find((row) => row.startsWith(`${name} `));
        return line === undefined ? 0 : Number(line.split(' ').at(-1));
    };
    const blocks = async (query, field) => {
        const table = await server.search(tokens.read, `${query} | stats count() by ${field} | limit 10000`, { limit: 10_000 });
        assert.equal(table.partial, false);
        return new Map(table.rows.map((row) => [field.split(', ').map((name) => row[name]).join(' '), row.count]));
    };
    try {
        await run({ server, rules, tokens, metric, blocks });
        assert.equal((await server.stop()).code, 0, server.log);
    } finally {
        await server.stop();
        server.remove();
    }
}

// Lets the process run in one tenth of the time only, and at times not at all for a while. A program of its own, so that the work of this one does not disturb
// the beat; it ends by itself, should nobody end it.
function slowDown(pid, secondsMax, memory) {
    const beat = spawn(process.execPath, ['-e', `
        const fs = require('node:fs');
        const nap = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
        const end = Date.now() + ${secondsMax * 1000};
        for (let slice = 1; Date.now() < end; ++slice) {
            process.kill(${pid}, 'SIGSTOP');
            nap(slice % 50 ? 45 : 1200);
            fs.writeSync(1, Date.now() + ' ' + /VmRSS:\\s+(\\d+)/.exec(fs.readFileSync('/proc/${pid}/status'))[1] + '\\n');
            process.kill(${pid}, 'SIGCONT');
            nap(5);
        }`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    beat.stdout.on('data', (bytes) => { text += bytes; });
    beat.stdout.on('end', () => {
        for (const line of text.split('\n').slice(0, -1)) {
            const [at, kib] = line.split(' ').map(Number);
            memory.push({ at, mib: kib / 1024 });
        }
    });
    const ended = new Promise((done) => beat.once('close', done));
    return async () => {
        beat.kill('SIGKILL');
        await ended;
        process.kill(pid, 'SIGCONT');
    };
}

// Sends blocks of syslog lines over one connection for as long as `going` says, as fast as they are taken; counts them in
// `sent`.
async function sendSyslog(server, name, octets, going, sent) {
    const socket = net.connect(server.syslogPort, '127.0.0.1');
    const closed = new Promise((done, failed) => { socket.on('close', done); socket.on('error', failed); });
    socket.resume();
    for (let n = 0; going(); ++n) {
        let bytes = '';
        const block = `${name}${blockOf(n)}`;
        for (let i = 0; i < writeLines; ++i) {
            const line = `<13>1 ${stamp} ${name} ${block} - - - line ${i} of a flood ${'x'.repeat(i)}`;
            bytes += octets ? `${line.length} ${line}` : `${line}\n`;
        }
        add(sent, block, writeLines);
        if (!socket.write(bytes)) await drained(socket);
    }
    socket.end();
    await closed;
}

const bodyOfZero = Array.from({ length: bodyLines }, (_, i) => JSON.stringify({ block: 'NAME', i, note: 'y'.repeat(i % 200) })).join('\n');

// Posts NDJSON bodies; a refused one is not sent again, its name goes to `refused`.
async function sendHttp(server, token, name, going, taken, refused) {
    for (let n = 0; going(); ++n) {
        const block = `${name}-${n}`;
        const body = bodyOfZero.replaceAll('NAME', block);
        const answer = await server.request('POST', '/api/v1/ingest?source=${name}&format=json', {
            token, headers: { 'Content-Type': 'application/x-ndjson' }, body,
        });
        if (answer.status === 200) {
            assert.equal(answer.json.failed, 0);
            taken.set(block, answer.json.accepted);
        } else {
            assert.ok([429, 503].includes(answer.status), answer.text);
            assert.ok(Number(answer.headers['retry-after']) >= 1, `${answer.status} without Retry-After`);
            refused.push(block);
            await sleep(200);
        }
    }
}

async function sendDatagrams(server, name, count, bytes = 200) {
    const socket = dgram.createSocket('udp4');
    await new Promise((done) => socket.bind(0, '127.0.0.1', done));
    let failed = 0;
    for (let at = 0; at < count; at += 50) {
        await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, i) => new Promise((done) => {
            const line = `<13>1 ${stamp} ${name} datagram - - - number ${at + i} ${'z'.repeat(bytes)}`;
            socket.send(line, server.syslogPort, '127.0.0.1', (fault) => { failed += fault ? 1 : 0; done(); });
        })));
    }
    socket.close();
    return count - failed;
}

const drained = (socket) => new Promise((done) => {
    const go = () => { socket.off('drain', go).off('close', go); done(); };
    socket.on('drain', go).on('close', go);
});

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

test('tenfold overload: memory is flat, and every event is stored, refused or counted', { timeout: 150_000 }, async () => {
    await withServer('shards: 2\nqueue_mib: 4\nmemtable_mib: 4\n', async ({ server, tokens, metric, blocks }) => {
        await server.start();
        const warmUp = 250_000;   // events, until queues and memory tables have been full
        const measured = 9_000;
        const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
        const atRest = memory();
        const taken = new Map();
        const refused = [];
        const seen = { memory: [], bytes: [], age: [] };
        let end = Date.now() + 40_000;
        let begun;   // of measuring
        const going = () => Date.now() < end;
        const faster = slowDown(server.child.pid, 60, seen.memory);
        const sent = new Map();
        let sentDatagrams = 0;
        try {
            const load = (async () => {
                while (going()) {
                    if (begun === undefined && await metric('gac_pipeline_events_total') > warmUp) {
                        begun = Date.now();
                        end = begun + measured;
                    }
                    seen.bytes.push(await metric('gac_queue_bytes'));
                    seen.age.push(await metric('gac_queue_oldest_ms'));
                    await sleep(200);
                }
            })();
            const senders = [
                sendSyslog(server, 'octets-a', true, going, sent), sendSyslog(server, 'octets-b', true, going, sent),
                sendSyslog(server, 'lines-a', false, going, sent), sendSyslog(server, 'lines-b', false, going, sent),
            ];
            // Six for each worker, whose queue has room for less than three of their bodies.
            const posters = Array.from({ length: 12 }, (_, i) => sendHttp(server, tokens.ingest, `post${i}`, going, taken, refused));
            const floods = [sendDatagrams(server, 'udp-a', 40_000), sendDatagrams(server, 'udp-b', 40_000)];
            await load;
            assert.ok(begun, 'the server hardly moved');
            await faster();
            await Promise.all(posters);
            await Promise.all(senders);
            sentDatagrams = (await Promise.all(floods)).reduce((a, b) => a + b);
            // More than the kernel's buffer holds.
            process.kill(server.child.pid, 'SIGSTOP');
            sentDatagrams += await sendDatagrams(server, 'udp-c', 40_000, 1200);
        } finally {
            await faster();
        }
        await sleep(1_000);   // what the kernel holds is read
        await eventually('the queue to run empty', async () => await metric('gac_queue_bytes') === 0, 60_000);
        // The kernel tells of its drops with the next datagram that it has room for.
        for (let i = 0; i < 5; ++i, await sleep(50)) sentDatagrams += await sendDatagrams(server, 'udp-late', 1);
        const datagrams = await eventually('the last datagrams', async () => await server.count(tokens.read, 'host.name:udp-late') === 5
            && server.count(tokens.read, 'host.name:udp-a or host.name:udp-b or host.name:udp-c or host.name:udp-late'));

        const between = (from, to) => seen.memory.filter(({ at }) => at >= begun + from && at < begun + to).map(({ mib }) => mib);
        const first = median(between(0, measured / 3));
        const last = median(between(measured * 2 / 3, measured));
        const peak = Math.max(...between(-Infinity, Infinity), memory());
        const [inKernel, inQueue] = [await metric('gac_udp_kernel_dropped_total'), await metric('gac_udp_dropped_total')];
        const delayed = await metric('gac_pipeline_delayed_events_total');
        console.log(JSON.stringify({ atRest, first, last, peak, lines: sum(sent), accepted: taken.size, refused: refused.length,
            sentDatagrams, datagrams, inKernel, inQueue, delayed, paused: await metric('gac_listener_paused_total'),
            age: Math.max(...seen.age), bytes: Math.max(...seen.bytes) }));

        const lines = await blocks('host.name:octets-* or host.name:lines-*', 'process.name');
        assert.deepEqual(sorted(lines), sorted(sent));
        const posted = await blocks('block:post*', 'block');
        for (const [block, accepted] of taken) {
            assert.equal(accepted, bodyLines);
            assert.equal(posted.get(block), accepted, `body ${block}`);
        }
        for (const block of refused) assert.equal(posted.get(block), undefined, `${block} was refused`);
        assert.equal(posted.size, taken.size);
        // How it showed depends on the machine; that it was one does not.
        assert.ok(refused.length + inKernel + inQueue > 0 || delayed > 0, 'nothing was refused, dropped or delayed: that was no overload');
        assert.equal(datagrams + inKernel + inQueue, sentDatagrams);
        const source = await server.request('GET', '/api/v1/sources', { token: tokens.read });
        assert.ok(source.text.includes(`"dropped":${inQueue}`), source.text);

        // Segments are merged meanwhile, which sorts in up to 64 MiB.
        assert.ok(last < first * 1.1 + 10 + 64, `memory grew from ${first} to ${last} MiB`);
        assert.ok(peak < atRest + 120 + 64, `${peak} MiB after ${atRest} at rest`);
        assert.equal(await metric('gac_pipeline_lost_events_total'), 0);
        assert.ok(delayed > 0 && delayed <= await metric('gac_pipeline_events_total'), `${delayed} delayed`);
        assert.ok(await metric('gac_listener_paused_total') > 0);
        assert.ok(Math.max(...seen.bytes) > 1 << 20 && Math.max(...seen.bytes) <= 5 << 20, `${seen.bytes}`);
        assert.ok(Math.max(...seen.age) > 500, `${seen.age}`);
        assert.equal(await metric('gac_queue_oldest_ms'), 0);
    });
});

const rule = (n, word, title = `Rule ${n}`) => `title: ${title}
name: rule_${n}
id: 5b2f7a10-1c1d-4a61-9d5e-0000000000${n}
logsource: {product: linux, service: sshd}
detection:
    selection: {message|contains: "${word}"}
    condition: selection
level: medium
`;
const counting = `title: Counted
id: 5b2f7a10-1c1d-4a61-9d5e-000000000099
correlation:
    type: event_count
    rules: [rule_11]
    group-by: [host.name]
    timespan: 1h
    condition: {gte: 10}
level: high
`;

test('rules change under load without a gap', { timeout: 150_000 }, async () => {
    await withServer('', async ({ server, rules, tokens, metric, blocks }) => {
        writeFileSync(join(rules, 'always.yml'), rule(10, 'marker'));
        writeFileSync(join(rules, 'half.yml'), rule(11, 'halfway'));
        writeFileSync(join(rules, 'count.yml'), counting);
        await server.start();
        const alerts = async (number) => {
            const page = await server.request('GET', '/api/v1/alerts?limit=500', { token: tokens.read });
            assert.equal(page.status, 200, page.text);
            return page.json.alerts.filter((alert) => alert.rule_id.endsWith(`-0000000000${number}`));
        };
        const counted = async (number) => (await alerts(number)).reduce((all, alert) => all + alert.count, 0);
        const rulesNow = () => server.request('GET', '/api/v1/rules', { token: tokens.read });

        // Every hundredth line has the word that the rule looks for.
        let sending = true;
        const sent = new Map();
        let markers = 0;
        let paused = 0;
        const send = async (name, octets) => {
            const socket = net.connect(server.syslogPort, '127.0.0.1');
            const closed = new Promise((done, failed) => { socket.on('close', done); socket.on('error', failed); });
            socket.resume();
            for (let n = 0; sending; ++n) {
                let bytes = '';
                for (let i = 0; i < writeLines; ++i) {
                    const line = `<86>1 ${stamp} host-${name} sshd ${blockOf(n)} - - ${i === 50 ? 'marker' : 'ordinary'} line ${i}`;
                    bytes += octets ? `${line.length} ${line}` : `${line}\n`;
                }
                add(sent, `host-${name} ${blockOf(n)}`, writeLines);
                ++markers;
                if (!socket.write(bytes)) {
                    ++paused;
                    await drained(socket);
                }
                await sleep(1);   // room for the rest of this program
            }
            socket.end();
            await closed;
        };
        const senders = [send('p', true), send('q', false), send('r', false)];
        const post = async (word, count) => {
            const body = Array.from({ length: count }, (_, i) => `<86>1 ${stamp} host-x sshd x - - ${word} ${i}`).join('\n');
            const answer = await server.request('POST', '/api/v1/ingest?source=side&format=syslog', { token: tokens.ingest, body });
            assert.equal(answer.status, 200, answer.text);
        };
        const reloads = () => (server.log.match(/rules in force/g) ?? []).length;
        const told = (text) => eventually(`${text} among the rules`, async () => (await rulesNow()).text.includes(text));

        try {
            await post('halfway', 5);
            for (let turn = 0; turn < 20; ++turn) {
                const n = 20 + turn;
                writeFileSync(join(rules, `turn${turn % 4}.yml`), rule(n, `word${turn}`));
                if (turn % 5 === 3) rmSync(join(rules, `turn${(turn + 1) % 4}.yml`), { force: true });
                if (turn === 9) writeFileSync(join(rules, 'midway.yml'), rule(12, 'midway'));
                if (turn === 10) await told('-000000000012');
                if (turn === 10) await post('midway', 7);
                if (turn === 12) writeFileSync(join(rules, 'always.yml'), rule(10, 'marker').slice(0, 150));   // half saved
                if (turn === 16) writeFileSync(join(rules, 'always.yml'), rule(10, 'marker', 'Rule 10, once more'));
                if (turn === 14) {
                    await told('the version before stays in force');
                    assert.match((await rulesNow()).text, /always\.yml/);
                }
                if (turn % 7 === 6) process.kill(server.child.pid, 'SIGHUP');
                await sleep(400);
            }
            await told('-000000000039');
            assert.doesNotMatch((await rulesNow()).text, /stays in force/);
            await post('halfway', 5);
        } finally {
            sending = false;
            await Promise.all(senders);
        }
        const events = sum(sent);
        await eventually('every event is stored', async () => await server.count(tokens.read, 'process.name:sshd and host.name:host-*') === events + 17, 60_000);
        const stored = await blocks('host.name:host-p or host.name:host-q or host.name:host-r', 'host.name, process.pid');
        assert.deepEqual(sorted(stored), sorted(sent));
        console.log(JSON.stringify({ events, markers, reloads: reloads(), paused }));
        await eventually('every marker raised its alert', async () => await counted(10) >= markers, 60_000);
        await sleep(500);
        assert.equal(await counted(10), markers);
        assert.equal(await counted(12), 7);
        const [spray] = await alerts(99);
        assert.equal(spray?.count, 10, 'the window of the correlation did not survive');
        assert.ok(reloads() >= 8, server.log);
        assert.equal((await rulesNow()).json.refused, 0);
        assert.equal(await metric('gac_pipeline_lost_events_total'), 0);
    });
});
