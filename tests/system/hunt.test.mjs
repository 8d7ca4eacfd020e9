// Lists against history: a list that arrives finds what was there before it, once; the command and the interface
// give the same answer.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, gac, sleep, temporaryFolder } from './server.mjs';

const json = { 'Content-Type': 'application/json' };
const event = (host, ip, name, minute) => `${JSON.stringify({
    '@timestamp': `2026-06-01T00:${String(minute).padStart(2, '0')}:00Z`, 'host.name': host, 'source.ip': '10.0.0.5',
    'destination.ip': ip, 'dns.question.name': name,
})}\n`;

test('history is hunted for what is new in the lists', { timeout: 120_000 }, async () => {
    const data = temporaryFolder();
    const lists = join(data, 'lists');
    mkdirSync(lists);
    const config = join(data, 'gac.yaml');
    writeFileSync(config, `indicators: ["${lists}"]\n`);
    const server = new Server(data, ['--config', config]);
    await server.start();
    try {
        const tokens = Object.fromEntries(['ingest', 'read'].map((scope) => [scope, addToken(data, scope)]));
        const get = async (path) => {
            const answer = await server.request('GET', path, { token: tokens.read });
            assert.equal(answer.status, 200, answer.text);
            return answer.json;
        };
        const alerts = async () => (await get('/api/v1/alerts?limit=500')).alerts.filter((alert) => alert.kind === 'indicator');
        const automatic = async () => (await get('/api/v1/hunts')).hunts.filter((hunt) => hunt.automatic);
        const send = async (body) => {
            const answer = await server.request('POST', '/api/v1/ingest?source=proxy&format=json', { token: tokens.ingest, body });
            assert.equal(answer.status, 200, answer.text);
        };
        let old = '';
        for (let i = 0; i < 30; ++i) old += event(i % 3 ? 'vp-pc01' : 'vp-pc02', '203.0.113.9', 'www.evil.example', i);
        await send(old + event('vp-pc03', '192.0.2.1', 'ordinary.example', 59));

        // A list arrives after the events: one alert for each indicator and host.
        writeFileSync(join(lists, 'c2.txt'), '# gac.level: critical\n203.0.113.0/24\n198.51.100.7\n');
        await eventually('two alerts', async () => (await alerts()).length === 2);
        await eventually('the hunt has ended', async () => (await automatic())[0]?.status === 'done');
        for (const alert of await alerts()) {
            assert.match(alert.rule_title_vi ?? alert.rule_title, /^Phát hiện ngược: /);
            assert.equal(alert.level, 'critical');
            assert.ok(['vp-pc01', 'vp-pc02'].includes(alert.host), alert.host);
            assert.equal(alert.count, alert.host === 'vp-pc01' ? 20 : 10);
        }
        const [first] = await automatic();
        assert.equal(first.indicators, 2);
        assert.equal(first.found, 1);
        assert.equal(first.alerts, 2);

        // Not again after a restart; what is new then is hunted for alone.
        assert.equal((await server.stop()).code, 0, server.log);
        writeFileSync(join(lists, 'dns.txt'), 'evil.example\n');
        await server.start();
        await eventually('the new list is hunted for', async () => (await automatic()).filter((hunt) => hunt.status === 'done').length === 2);
        assert.equal((await alerts()).length, 4);
        assert.equal((await automatic())[0].indicators, 1);
        assert.equal((await server.stop()).code, 0, server.log);
        await server.start();
        await sleep(3000);
        assert.equal((await automatic()).length, 2);
        assert.equal((await alerts()).length, 4);

        // Asked by a person: the same answer as the command's.
        const wanted = JSON.stringify({ indicators: '203.0.113.9\nevil.example\n192.0.2.77\n', wait_ms: 20_000 });
        const asked = await server.request('POST', '/api/v1/hunts', { token: tokens.read, headers: json, body: wanted });
        assert.equal(asked.status, 202, asked.text);
        assert.equal(asked.json.status, 'done');
        assert.equal(asked.json.found, 2);
        const found = Object.fromEntries(asked.json.findings.map((one) => [one.indicator, one]));
        assert.equal(found['203.0.113.9'].count, 30);
        assert.equal(found['203.0.113.9'].first, '2026-06-01T00:00:00.000000Z');
        assert.equal(found['203.0.113.9'].last, '2026-06-01T00:29:00.000000Z');
        assert.deepEqual(found['evil.example'].hosts, ['vp-pc01', 'vp-pc02']);
        assert.deepEqual(found['evil.example'].sources, ['proxy']);
        const again = await get(`/api/v1/hunts/${asked.json.id}`);
        assert.deepEqual(again.findings, asked.json.findings);
        assert.equal((await alerts()).length, 4);  // a question opens no alerts
        const wrong = await server.request('POST', '/api/v1/hunts', { token: tokens.read, headers: json, body: JSON.stringify({ list: 'none' }) });
        assert.equal(wrong.status, 404, wrong.text);

        writeFileSync(join(data, 'asked.txt'), '203.0.113.9\nevil.example\n192.0.2.77\n');
        const run = gac(['hunt', '--json', '--indicators', join(data, 'asked.txt'), '--data', data]);
        assert.equal(run.code, 0, run.stderr);
        const lines = run.stdout.trim().split('\n').map((line) => JSON.parse(line));
        assert.deepEqual(lines.map((one) => [one.indicator, one.count, one.hosts]), [
            ['203.0.113.9', 30, ['vp-pc01', 'vp-pc02']], ['evil.example', 30, ['vp-pc01', 'vp-pc02']],
        ]);
    } finally {
        await server.stop();
        server.remove();
    }
});

test('rules run over history, correlations too', { timeout: 60_000 }, () => {
    const data = temporaryFolder();
    let lines = '';
    for (let i = 0; i < 20; ++i) {
        lines += `<86>Jun  1 00:${String(i).padStart(2, '0')}:00 pc${i % 2} sshd[7]: ${i === 7 ? 'Accepted' : 'Failed'} password for root from 203.0.113.9 port 22 ssh2\n`;
    }
    writeFileSync(join(data, 'auth.log'), lines);
    mkdirSync(join(data, 'rules'));
    writeFileSync(join(data, 'rules', 'r.yml'), `title: Once
id: 11111111-1111-4111-8111-111111111111
status: test
logsource: { product: linux, service: sshd }
detection: { selection: { message|contains: Accepted password }, condition: selection }
level: high
---
title: Often
id: 22222222-2222-4222-8222-222222222222
name: often
status: test
logsource: { product: linux, service: sshd }
detection: { selection: { message|contains: Failed password }, condition: selection }
level: low
---
title: Many
id: 33333333-3333-4333-8333-333333333333
status: test
correlation: { type: event_count, rules: [often], group-by: [host.name], timespan: 30m, condition: { gte: 8 } }
level: high
`);
    assert.equal(gac(['ingest', '--data', join(data, 'd'), '--source', 'auth', join(data, 'auth.log')]).code, 0);
    const detect = (...input) => {
        const run = gac(['detect', '--json', '--no-cache', '--rules', join(data, 'rules'), ...input]);
        assert.equal(run.code, 0, run.stderr);
        return run.stdout.trim().length === 0 ? [] : run.stdout.trim().split('\n').map((line) => JSON.parse(line))
            .map(({ rule, time, group, count }) => JSON.stringify({ rule, time, group, count })).sort();
    };
    const history = detect('--data', join(data, 'd'));
    assert.deepEqual(history, detect('--', join(data, 'auth.log')));
    assert.ok(history.some((line) => line.includes('33333333')), history.join('\n'));
    const accepted = JSON.parse(history.find((line) => line.includes('11111111'))).time;
    const span = (option) => detect('--data', join(data, 'd'), option, accepted).filter((line) => line.includes('11111111')).length;
    assert.deepEqual([span('--from'), span('--to')], [1, 0]);
    const both = gac(['detect', '--rules', join(data, 'rules'), '--data', join(data, 'd'), '--', join(data, 'auth.log')]);
    assert.equal(both.code, 2);
});

test('rules over history leave out blocks that hold nothing for them', { timeout: 120_000 }, () => {
    const data = temporaryFolder();
    let lines = '';
    for (let i = 0; i < 40_000; ++i) {
        const time = `Jun  ${1 + Math.floor(i / 20_000)} ${String(Math.floor(i / 3600) % 24).padStart(2, '0')}:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`;
        lines += i > 1000 && i < 1400
            ? `<86>${time} pc${i % 3} sshd[7]: Failed password for root from 203.0.113.${i % 200} port 22 ssh2\n`
            : `<78>${time} pc${i % 3} CRON[9]: pam_unix(cron:session): session opened for user root by (uid=0) ${i}\n`;
    }
    writeFileSync(join(data, 'auth.log'), lines);
    const rule = join(data, 'r.yml');
    writeFileSync(rule, `title: Failed
id: 11111111-1111-4111-8111-111111111111
status: test
logsource: { product: linux, service: sshd }
detection: { selection: { message|contains: Failed password, source.ip|cidr: 203.0.113.0/26 }, condition: selection }
level: high
`);
    assert.equal(gac(['ingest', '--data', join(data, 'd'), '--source', 'auth', join(data, 'auth.log')]).code, 0);
    const detect = (...input) => {
        const run = gac(['detect', '--json', '--stats', '--no-cache', '--rules', rule, ...input]);
        assert.equal(run.code, 0, run.stderr);
        const hits = run.stdout.trim().split('\n').map((line) => JSON.parse(line));
        return { hits: hits.map(({ rule: id, time }) => `${id} ${time}`).sort(), stats: JSON.parse(run.stderr) };
    };
    const plain = detect('--', join(data, 'auth.log'));
    assert.ok(plain.hits.length > 100);
    for (const threads of ['1', '3']) {
        const history = detect('--threads', threads, '--data', join(data, 'd'));
        assert.deepEqual(history.hits, plain.hits);
        assert.ok(history.stats.blocks > 1, JSON.stringify(history.stats));
        assert.equal(history.stats.blocks_skipped, history.stats.blocks - 1);
        assert.equal(history.stats.events, plain.hits.length);  // the others were not put together
    }

    const run = gac(['rules', 'preview', rule, '--data', join(data, 'd'), '--json']);
    assert.equal(run.code, 0, run.stderr);
    const preview = JSON.parse(run.stdout);
    assert.equal(preview.matched, plain.hits.length);
    assert.equal(preview.hosts_all, 3);
    assert.equal(preview.events.length, 10);
    assert.equal(gac(['rules', 'preview', 'no-such-rule', '--data', join(data, 'd')]).code, 2);
});

test('a draft is previewed over history and raises nothing', { timeout: 120_000 }, async () => {
    const data = temporaryFolder();
    const server = new Server(data);
    await server.start();
    try {
        const tokens = Object.fromEntries(['ingest', 'read'].map((scope) => [scope, addToken(data, scope)]));
        const ask = (token, body) => server.request('POST', '/api/v1/rules/preview', { token, headers: json, body: JSON.stringify(body) });
        let lines = '';
        const hour = (i) => new Date(Date.now() - i * 3_600_000).toISOString();
        for (let i = 1; i <= 30; ++i) lines += `<86>1 ${hour(i)} pc${i % 3} sshd 7 - - Failed password for root from 203.0.113.9 port 22 ssh2\n`;
        const sent = await server.request('POST', '/api/v1/ingest?source=auth&format=syslog', { token: tokens.ingest, body: lines });
        assert.equal(sent.status, 200, sent.text);
        const text = `title: Draft
id: 44444444-4444-4444-8444-444444444444
logsource: { product: linux, service: sshd }
detection: { selection: { message|contains: Failed password for root }, condition: selection }
`;
        const found = await ask(tokens.read, { text, from: '-7d' });
        assert.equal(found.status, 200, found.text);
        assert.equal(found.json.matched, 30, found.text);
        assert.equal(found.json.partial, false);
        assert.deepEqual(found.json.hosts.map((one) => [one.host, one.matched]), [['pc0', 10], ['pc1', 10], ['pc2', 10]]);
        assert.equal(found.json.days.reduce((sum, day) => sum + day.matched, 0), 30);
        assert.equal(found.json.samples.length, 10);
        assert.match(found.json.samples[0].event.message, /Failed password/);
        assert.equal((await ask(tokens.read, { text, from: '-4h' })).json.matched, 3);
        const refused = await ask(tokens.read, { text: text.replace('condition: selection', 'condition: other') });
        assert.equal(refused.status, 400, refused.text);
        assert.equal((await ask(tokens.ingest, { text })).status, 403);
        const alerts = await server.request('GET', '/api/v1/alerts?limit=500', { token: tokens.read });
        assert.ok(alerts.json.alerts.every((alert) => alert.rule_id !== '44444444-4444-4444-8444-444444444444'));
    } finally {
        await server.stop();
        server.remove();
    }
});
