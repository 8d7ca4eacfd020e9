// Commands beside a running server, and the promises of the server itself: no default password, a session for every
// answer, the drill that can be removed, a history that can be read while it is written.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, addToken, addUser, eventually, gac, root } from './server.mjs';

const server = new Server();
let ingest, read;

before(async () => {
    ingest = addToken(server.data, 'ingest');
    read = addToken(server.data, 'read');
    await server.start();
});
after(async () => {
    assert.equal((await server.stop()).code, 0, server.log);
    server.remove();
});

test('without a session every API route answers 401', async () => {
    const contract = readFileSync(join(root, 'schema/openapi.yaml'), 'utf8');
    let path;
    let asked = 0;
    for (const line of contract.split('\n')) {
        const route = /^ {2}(\/api\/v1\/\S*):/.exec(line);
        if (route) path = route[1];
        else if (/^ {2}\S/.test(line)) path = undefined;
        const method = /^ {4}(get|post|put|patch|delete):/.exec(line)?.[1];
        if (!path || !method || path.endsWith('openapi.yaml') || (path === '/api/v1/session' && method === 'post')) continue;
        const answer = await server.request(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), {
            headers: { 'Content-Type': 'application/json' }, body: ['get', 'delete'].includes(method) ? undefined : '{}',
        });
        assert.equal(answer.status, 401, `${method} ${path}: ${answer.status} ${answer.text}`);
        ++asked;
    }
    assert.ok(asked > 30, `only ${asked} routes asked`);
});

test('no account is there until somebody adds one', async () => {
    for (const [name, secret] of [['admin', 'admin'], ['quantri', 'quantri'], ['root', ''], ['gac', 'gac']]) {
        const answer = await server.request('POST', '/api/v1/session', {
            headers: { 'Content-Type': 'application/json', Origin: `https://127.0.0.1:${server.port}` },
            body: JSON.stringify({ name, password: secret }),
        });
        assert.ok([400, 401, 429].includes(answer.status), `${name}: ${answer.status} ${answer.text}`);
    }
    assert.equal(gac(['user', 'add', 'yeu', '--role', 'analyst', '--data', server.data], 'ngan\n').code, 2);
    addUser(server.data, 'truc1', 'analyst');
});

test('history is read by the command line while the server writes it', async () => {
    const body = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ lively: i })).join('\n');
    const answer = await server.request('POST', '/api/v1/ingest?source=live&format=json', { token: ingest, body });
    assert.equal(answer.json.accepted, 5000);
    const found = gac(['search', 'lively:* | stats count()', '--data', server.data, '--json']);
    assert.equal(found.code, 0, found.stderr);
    assert.deepEqual(JSON.parse(found.stdout), { count: 5000 });
    const second = gac(['serve', '--data', server.data, '--http', '127.0.0.1:0', '--no-drill']);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /another gac/);
});

test('wrong use ends with 2 and says what to do', () => {
    for (const args of [['nonsense'], ['search'], ['config', 'check', '/nowhere/gac.yaml'], ['detect', '--rules', '/nowhere', '/dev/null'],
        ['search', 'a:(', '--data', server.data], ['serve', '--http', 'nonsense', '--data', join(server.data, 'other')]]) {
        const run = gac(args);
        assert.equal(run.code, 2, `${args.join(' ')}: ${run.code} ${run.stdout} ${run.stderr}`);
        assert.ok(run.stderr.length > 0);
    }
});

test('files go in, are searched, and are judged by the next start', async () => {
    const other = new Server();
    const run = gac(['ingest', '--data', other.data, '--source', 'linux', '--profile', 'linux', '--stats', join(root, 'tests/data/sshd_guessing.log')]);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(JSON.parse(run.stderr.trim().split('\n').at(-1)).events, 56);
    const token = addToken(other.data, 'read');
    try {
        await other.start();
        await eventually('the guessing to be an alert', async () => {
            const page = await other.request('GET', '/api/v1/alerts?limit=10', { token });
            return page.json.alerts.some((alert) => alert.level === 'critical');
        });
        assert.equal(await other.count(token), 56);
    } finally {
        await other.stop();
        other.remove();
    }
});

test('the audit trail verifies, and shows when a row was changed', () => {
    const good = gac(['audit', 'verify', '--data', server.data]);
    assert.equal(good.code, 0, good.stderr);
    assert.ok(existsSync(join(server.data, 'control.db')));
});

test('the sample night arrives live as a drill and can be removed', { timeout: 120_000 }, async () => {
    const night = new Server();
    const token = addToken(night.data, 'read');
    try {
        await night.start({ drill: true });
        await eventually('drill alerts within a minute', async () => {
            const page = await night.request('GET', '/api/v1/alerts?drill=true&limit=500', { token });
            return page.json.alerts.length >= 40;
        }, 70_000);
        const open = await night.request('GET', '/api/v1/alerts?limit=500', { token });
        assert.equal(open.json.alerts.length, 0, 'drill alerts are counted as real ones');
        assert.equal((await night.stop()).code, 0);
        const removed = gac(['drill', 'remove', '--data', night.data]);
        assert.equal(removed.code, 0, removed.stderr);
        assert.match(removed.stdout, /removed \d+ drill alerts/);
    } finally {
        await night.stop();
        night.remove();
    }
});
