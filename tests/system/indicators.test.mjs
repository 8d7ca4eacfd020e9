// A list dropped into a folder, an event in, an alert out: on the real server, without a restart.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, sleep, temporaryFolder } from './server.mjs';

const event = (ip, name) => `${JSON.stringify({
    '@timestamp': '2026-06-01T00:00:00Z', 'host.name': 'vp-pc01', 'source.ip': '10.0.0.5',
    'destination.ip': ip, 'dns.question.name': name,
})}\n`;

async function withServer(run) {
    const data = temporaryFolder();
    const lists = join(data, 'lists');
    const allow = join(data, 'allow');
    mkdirSync(lists);
    mkdirSync(allow);
    const config = join(data, 'gac.yaml');
    writeFileSync(config, `indicators: ["${lists}"]\nallow_lists: ["${allow}"]\nhunt_new_indicators: false\n`);  // the stream alone
    const server = new Server(data, ['--config', config]);
    await server.start();
    try {
        const tokens = Object.fromEntries(['ingest', 'read'].map((scope) => [scope, addToken(data, scope)]));
        const send = async (body) => {
            const answer = await server.request('POST', '/api/v1/ingest?source=proxy&format=json', { token: tokens.ingest, body });
            assert.equal(answer.status, 200, answer.text);
        };
        const alerts = async () => {
            const page = await server.request('GET', '/api/v1/alerts?limit=500', { token: tokens.read });
            assert.equal(page.status, 200, page.text);
            return page.json.alerts.filter((alert) => alert.kind === 'indicator');
        };
        const metric = async (line) => {
            const page = await server.request('GET', '/metrics', { token: tokens.read });
            return page.text.split('\n').find((row) => row.startsWith(line))?.split(' ').at(-1);
        };
        await run({ server, lists, allow, send, alerts, metric, tokens });
    } finally {
        assert.equal((await server.stop()).code, 0, server.log);
        server.remove();
    }
}

test('a list dropped in makes alerts, and goes on when it changes', { timeout: 60_000 }, async () => {
    await withServer(async ({ lists, allow, send, alerts, metric }) => {
        await send(event('203.0.113.9', 'www.evil.example'));
        await sleep(300);
        assert.equal((await alerts()).length, 0);

        writeFileSync(join(lists, 'c2.txt'), '# gac.level: critical\n# gac.title: Máy chủ điều khiển\n203.0.113.0/24\nnot one\n');
        writeFileSync(join(lists, 'dns.csv'), 'indicator,type,description\nevil.example,domain,Mã độc A\n');
        await eventually('lists are in force', async () => await metric('gac_indicator_entries ') === '2');
        await send(event('203.0.113.9', 'www.evil.example'));
        await eventually('two alerts', async () => (await alerts()).length === 2);
        const found = await alerts();
        const c2 = found.find((alert) => alert.rule_id === 'c2');
        assert.equal(c2.level, 'critical');
        assert.equal(c2.rule_title_vi ?? c2.rule_title, 'Máy chủ điều khiển');
        assert.equal(await metric('gac_indicator_list_refused{list="c2"}'), '1');
        assert.equal(await metric('gac_indicator_hits_total{list="c2"}'), '1');

        // The same thing again raises the count of the same alert; another address is another alert.
        await send(event('203.0.113.9', 'ordinary.example') + event('203.0.113.77', 'ordinary.example'));
        await eventually('a third alert', async () => (await alerts()).length === 3);
        const again = (await alerts()).find((alert) => alert.id === c2.id);
        assert.equal(again.count, 2);

        // A file that is no list keeps the old lists; put right, it is taken up.
        writeFileSync(join(lists, 'bad.txt'), '<html>\n<body>\nlogin first\n</body>\n');
        await eventually('the bad file was tried', async () => await metric('gac_indicator_reload_failures_total') === '1');
        assert.equal(await metric('gac_indicator_entries '), '2');
        writeFileSync(join(allow, 'ours.txt'), '203.0.113.200\n');
        rmSync(join(lists, 'bad.txt'));
        await eventually('the allow list is in force', async () => await metric('gac_indicator_entries ') === '3');
        await send(event('203.0.113.200', 'ordinary.example') + event('203.0.113.201', 'ordinary.example'));
        await eventually('a fourth alert', async () => (await alerts()).length === 4);
        assert.equal(await metric('gac_indicator_suppressed_total{list="c2"}'), '1');

        // A list that goes stops hitting.
        renameSync(join(lists, 'c2.txt'), join(lists, '.c2.txt'));
        await eventually('the list is gone', async () => await metric('gac_indicator_list_entries{list="c2"}') === '0');
        await send(event('203.0.113.9', 'ordinary.example'));
        await sleep(500);
        assert.equal((await alerts()).length, 4);
        assert.equal((await alerts()).find((alert) => alert.id === c2.id).count, 2);
    });
});

test('alerts of lists say which entries hit', { timeout: 60_000 }, async () => {
    await withServer(async ({ server, lists, send, alerts, metric, tokens }) => {
        writeFileSync(join(lists, 'dns.csv'), 'indicator,type,description\nevil.example,domain,Mã độc A\n');
        await eventually('the list is in force', async () => await metric('gac_indicator_entries ') === '1');
        await send(event('203.0.113.9', 'www.evil.example'));
        await eventually('an alert', async () => (await alerts()).length === 1);
        const [alert] = await alerts();
        const answer = await server.request('GET', `/api/v1/alerts/${alert.id}`, { token: tokens.read });
        assert.equal(answer.status, 200, answer.text);
        assert.match(JSON.stringify(answer.json), /dns:2 evil\.example – Mã độc A/);
        assert.match(JSON.stringify(answer.json), /"indicator"[^}]*www\.evil\.example/);
    });
});
