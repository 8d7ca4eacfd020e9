// What strangers send: broken JSON, huge lines, wrong octet counts, bytes that are no text, idle and slow connections.
// Nothing crashes, everything is counted, every refusal is clear.
import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Server, addToken, eventually, sleep } from './server.mjs';

const server = new Server();
let ingest, read;

before(async () => {
    ingest = addToken(server.data, 'ingest');
    read = addToken(server.data, 'read');
    await server.start();
});
after(async () => {
    const how = await server.stop();
    server.remove();
    assert.equal(how.code, 0, server.log);
});

const post = (source, body, headers = {}, format = '') =>
    server.request('POST', `/api/v1/ingest?source=${source}${format && `&format=${format}`}`, { token: ingest, headers, body });

function syslog(bytes) {
    return new Promise((done, failed) => {
        const socket = net.connect(server.syslogPort, '127.0.0.1', () => socket.end(bytes));
        socket.on('close', done);
        socket.on('error', failed);
        socket.resume();
    });
}

test('broken JSON is kept raw and counted, its neighbours are whole', async () => {
    const answer = await post('broken', '{"a":"one"}\n{"a":\n{"a":"three"}\n', {}, 'json');
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([answer.json.accepted, answer.json.failed], [3, 1]);
    assert.equal(await server.count(read, 'a:one or a:three'), 2);
    assert.ok(await server.count(read, 'parse.error:*') >= 1);
});

test('a line of one megabyte and more is kept, cut and marked', async () => {
    const answer = await post('long', `${JSON.stringify({ long: 'x'.repeat(1_500_000) })}\n{"short":"yes"}\n`, {}, 'json');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.accepted, 2);
    assert.equal(await server.count(read, 'short:yes'), 1);
});

test('bytes that are no UTF-8 are repaired, not lost', async () => {
    const answer = await post('latin', Buffer.from('<13>Nov 22 21:00:00 may1 app: caf\xe9 \xff\xfe end-of-latin\n', 'latin1'), {}, 'syslog');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.accepted, 1);
    assert.equal(await server.count(read, '"end-of-latin"'), 1);
});

test('wrong octet counts cost at most the broken message', async () => {
    const good = '<13>1 2026-11-22T14:00:00Z may2 app - - - after-bad-count';
    await syslog(`9999999 <13>short\n${Buffer.byteLength(good)} ${good}`);
    await syslog(`3 <13>1 2026-11-22T14:00:00Z may2 app - - - cut-count\n${good}-second\n`);
    await eventually('the good messages', async () => (await server.count(read, '"after-bad-count-second"')) === 1);
});

test('syslog of many sizes arrives whole however it is chopped', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `<13>1 2026-11-22T14:00:00Z may3 app - - - chopped-${i} ${'y'.repeat(i * 7 % 3000)}`);
    const bytes = Buffer.from(lines.map((l, i) => (i % 2 ? `${Buffer.byteLength(l)} ${l}` : `${l}\n`)).join(''));
    await new Promise((done, failed) => {
        const socket = net.connect(server.syslogPort, '127.0.0.1', async () => {
            for (let at = 0; at < bytes.length;) {
                const size = 1 + Math.floor(Math.random() * 4000);
                socket.write(bytes.subarray(at, at + size));
                at += size;
                if (Math.random() < 0.05) await sleep(1);
            }
            socket.end();
        });
        socket.on('close', done);
        socket.on('error', failed);
        socket.resume();
    });
    await eventually('all of them', async () => (await server.count(read, 'host.name:may3 and message:chopped-*')) === lines.length);
});

test('a body that unpacks beyond the limit is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(80 << 20, 'a'));
    const answer = await post('bomb', bomb, { 'Content-Encoding': 'gzip' });
    assert.equal(answer.status, 413, answer.text);
    assert.equal(typeof answer.json.error.message, 'string');
});

test('a packed body is read as it is', async () => {
    const answer = await post('packed', gzipSync('{"packed":"a"}\n{"packed":"b"}\n'), { 'Content-Encoding': 'gzip' }, 'json');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(await server.count(read, 'packed:*'), 2);
});

test('wrong use of ingest is answered clearly', async () => {
    assert.equal((await server.request('POST', '/api/v1/ingest?source=x', { body: 'x' })).status, 401);
    assert.equal((await server.request('POST', '/api/v1/ingest?source=x', { token: 'gac_ingest_wrong', body: 'x' })).status, 401);
    const noSource = await server.request('POST', '/api/v1/ingest', { token: ingest, body: 'x' });
    assert.equal(noSource.status, 400, noSource.text);
    const badFormat = await post('x', 'x', {}, 'nonsense');
    assert.equal(badFormat.status, 400, badFormat.text);
    assert.ok(badFormat.json.error.message.length > 0);
});

test('an ingest token cannot read, a read token cannot ingest', async () => {
    const search = await server.request('POST', '/api/v1/search', {
        token: ingest, headers: { 'Content-Type': 'application/json' }, body: '{"query":""}',
    });
    assert.equal(search.status, 403, search.text);
    const put = await server.request('POST', '/api/v1/ingest?source=x', { token: read, body: 'x' });
    assert.equal(put.status, 403, put.text);
});

test('a bad query says where', async () => {
    const answer = await server.request('POST', '/api/v1/search', {
        token: read, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query: 'user.name:(root' }),
    });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error.where, /column \d+/);
});

test('garbage on the TLS port and half requests do no harm', async () => {
    await new Promise((done) => {
        const socket = net.connect(server.port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'));
        socket.on('close', done);
        socket.on('error', done);
        socket.resume();
    });
    for (const text of ['GET /\r\n\r\n', 'POST /api/v1/ingest HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
        `GET / HTTP/1.1\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`, 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']) {
        await new Promise((done) => {
            const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () => socket.write(text));
            socket.setTimeout(3000, () => socket.destroy());
            socket.on('close', done);
            socket.on('error', done);
            socket.resume();
        });
    }
    assert.equal((await server.request('GET', '/healthz')).status, 200);
});

test('ten thousand idle connections and slow senders leave room for others', { timeout: 120_000 }, async () => {
    const sockets = [];
    const open = (n) => Promise.all(Array.from({ length: n }, () => new Promise((done, failed) => {
        const socket = net.connect(server.syslogPort, '127.0.0.1', () => done(socket));
        socket.on('error', failed);
        sockets.push(socket);
    })));
    try {
        for (let i = 0; i < 20; ++i) await open(500);
        const slow = sockets.slice(0, 50);
        const line = '<13>1 2026-11-22T14:00:00Z may4 app - - - drop-by-drop\n';
        const dribble = (async () => {
            for (const c of line) {
                for (const socket of slow) socket.write(c);
                await sleep(10);
            }
        })();
        const started = Date.now();
        assert.equal((await post('beside', '{"beside":"idle"}\n', {}, 'json')).status, 200);
        assert.ok(Date.now() - started < 3000, 'ingest waited behind idle connections');
        await dribble;
        await eventually('the slow lines', async () => (await server.count(read, 'host.name:may4')) === slow.length);
    } finally {
        for (const socket of sockets) socket.destroy();
    }
    assert.equal((await server.request('GET', '/readyz')).status, 200);
});
