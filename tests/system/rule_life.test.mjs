// The life of a rule on a running server: imported, excepted until a moment, in force again, replaced by a newer
// version, rolled back, explained. Everything without a restart.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server, addToken, eventually, gac, temporaryFolder } from './server.mjs';

const server = new Server();
const work = temporaryFolder();
const id = '7d3c1f7e-5a0b-4b6e-9a51-2f6f5f0a1b01';
let ingest, admin, read;

const rule = (title, user) => `title: ${title}
id: ${id}
status: test
author: Somebody
license: DRL-1.1
tags: [attack.initial-access, attack.t1078]
logsource: {product: linux, service: sshd}
detection:
    who:
        user.name: ${user}
    condition: who
level: high
`;
const line = (ip, user = 'thu1') =>
    `Nov 22 01:10:05 VP-WEB01 sshd[2201]: Accepted password for ${user} from ${ip} port 40990 ssh2\n`;

function pack(name, files) {
    const folder = join(work, name);
    for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(folder, file, '..'), { recursive: true });
        writeFileSync(join(folder, file), text);
    }
    return folder;
}
const api = async (method, path, body, token = admin) => server.request(method, path, {
    token, headers: { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
});
const ofRule = async () => (await api('GET', `/api/v1/rules/${id}`)).json;
async function send(text) {
    const answer = await server.request('POST', '/api/v1/ingest?source=linux&format=syslog', { token: ingest, body: text });
    assert.equal(answer.status, 200, answer.text);
}
const hits = (count) => eventually(`${count} hits`, async () => (await ofRule())?.hits === count);

before(async () => {
    ingest = addToken(server.data, 'ingest');
    admin = addToken(server.data, 'admin');
    read = addToken(server.data, 'read');
    await server.start();
});
after(async () => {
    assert.equal((await server.stop()).code, 0, server.log);
    server.remove();
});

test('an import is previewed, taken up without a restart, and finds', async () => {
    const folder = pack('sigma-r2026-10-01', {
        'rules/own.yml': rule('Own word', 'thu1'),
        'rules/old.yml': rule('Old', 'x').replace('status: test', 'status: deprecated'),
        'rules/broken.yml': 'title: Broken\nlogsource: {product: linux}\ndetection:\n    s: {a|nonsense: 1}\n    condition: s\n',
    });
    const preview = gac(['rules', 'add', folder, '--data', server.data, '--preview']);
    assert.equal(preview.code, 1, preview.stderr);
    assert.match(preview.stderr, /would import sigmahq 2026-10-01: 1 added, 0 changed, 0 removed, 0 same, 1 refused, 1 skipped/);
    assert.match(preview.stdout, /refused rules\/broken.yml:4: Broken: .*nonsense/);
    assert.equal(gac(['rules', 'list', '--data', server.data]).stdout, '');
    const done = gac(['rules', 'add', folder, '--data', server.data]);
    assert.equal(done.code, 1, done.stderr);
    await eventually('the rule is loaded', async () => (await ofRule())?.title === 'Own word');
    const loaded = await ofRule();
    assert.deepEqual(loaded.pack, { name: 'sigmahq', version: '2026-10-01' });
    assert.equal(loaded.author, 'Somebody');
    await send(line('203.0.113.45'));
    await hits(1);
});

test('an exception silences what it names until it expires', async () => {
    const wish = { rule_id: id, conditions: [{ field: 'source.ip', op: 'cidr', value: '203.0.113.0/24' }] };
    const preview = await api('POST', '/api/v1/rules/exceptions/preview', wish, read);
    assert.equal(preview.status, 200, preview.text);
    assert.equal(preview.json.matched, 1);
    assert.equal(preview.json.silenced, 1);
    assert.equal(preview.json.partial, false);
    assert.equal(preview.json.samples[0].event['source.ip'], '203.0.113.45');

    const expires = new Date(Date.now() + 4000).toISOString();
    const made = await api('POST', '/api/v1/rules/exceptions', { ...wish, reason: 'our own scanner', expires });
    assert.equal(made.status, 201, made.text);
    await send(line('203.0.113.46') + line('198.51.100.7'));
    await hits(2);  // the second line alone
    await eventually('it has expired', async () => {
        const one = await api('GET', `/api/v1/rules/exceptions/${made.json.id}`);
        return one.json.state === 'expired';
    });
    await eventually('the audit trail says so', async () => {
        const rows = await api('GET', '/api/v1/audit?action=rule_exception.expire');
        return rows.json.entries?.length === 1;
    });
    // The rules without it are in force a moment after it was noted.
    await eventually('the rule speaks again', async () => {
        await send(line('203.0.113.47'));
        return (await ofRule()).hits >= 3;
    });
});

test('an explanation names the condition that does not hold', async () => {
    const told = await api('POST', `/api/v1/rules/${id}/explain`, { event: line('203.0.113.9', 'root').trim(), profile: 'linux' }, read);
    assert.equal(told.status, 200, told.text);
    assert.equal(told.json.verdict, 'no_match');
    assert.equal(told.json.source.holds, true);
    assert.ok(told.text.includes('"value":"root"'));
    const { rules } = (await api('GET', '/api/v1/rules', undefined, read)).json;
    assert.ok(rules.length > 200);
    assert.deepEqual(rules.filter((one) => one.path.startsWith('/')), [], 'paths begin below the folder of rules');
    const file = join(work, 'event.log');
    writeFileSync(file, line('203.0.113.9'));
    const own = join(work, 'sigma-r2026-10-01/rules/own.yml');
    const run = gac(['rules', 'explain', own, '--event', file, '--source', 'linux', '--json']);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(JSON.parse(run.stdout).verdict, 'match');
    // One frame of several events: they are counted one by one.
    const several = join(work, 'several.json');
    writeFileSync(several, `${JSON.stringify(['first', 'second', 'third'].map((word) => ({ message: word })))}\n`);
    for (const [index, word] of ['first', 'second', 'third'].entries()) {
        const ruleFile = join(work, `word${index}.yml`);
        writeFileSync(ruleFile, `title: Word ${index}\nid: word-${index}\nlogsource: {product: linux}\ndetection: {s: {message: ${word}}, condition: s}\n`);
        const each = gac(['rules', 'explain', ruleFile, '--event', several, '--source', 'linux', '--format', 'json', '--index', String(index), '--json']);
        assert.equal(JSON.parse(each.stdout).verdict, 'match', `event ${index}: ${each.stdout} ${each.stderr}`);
    }
    assert.notEqual(gac(['rules', 'list', '--data', join(work, 'nobody')]).code, 0);
});

test('a newer version over HTTP replaces the pack, and the older one comes back', async () => {
    const folder = pack('next', { 'rules/own.yml': rule('Own word, better', 'thu2') });
    const archive = join(work, 'next.tar.gz');
    assert.equal(spawnSync('tar', ['czf', archive, '-C', folder, '.']).status, 0);
    const upload = (query, token) => server.request('POST', `/api/v1/rules/packs?name=sigmahq&version=2${query}`, {
        token, headers: { 'Content-Type': 'application/octet-stream' }, body: readFileSync(archive),
    });
    assert.equal((await upload('', read)).status, 403);
    const preview = await upload('&preview=true', admin);
    assert.equal(preview.status, 200, preview.text);
    assert.deepEqual([preview.json.changed, preview.json.removed, preview.json.preview], [1, 1, true]);
    assert.equal((await ofRule()).title, 'Own word');
    assert.equal((await upload('', admin)).status, 200);
    assert.equal((await ofRule()).title, 'Own word, better');
    assert.equal((await upload('', admin)).status, 409);

    const back = gac(['rules', 'use', 'sigmahq', '2026-10-01', '--data', server.data]);
    assert.equal(back.code, 0, back.stderr);
    await eventually('the older version is back', async () => (await ofRule()).title === 'Own word');
    const packs = await api('GET', '/api/v1/rules/packs', undefined, read);
    assert.deepEqual(packs.json.packs[0].versions.map((v) => v.version).sort(), ['2', '2026-10-01']);
    const gone = await api('DELETE', '/api/v1/rules/packs/sigmahq');
    assert.equal(gone.status, 204, gone.text);
    assert.equal((await api('GET', `/api/v1/rules/${id}`)).status, 404);
});
