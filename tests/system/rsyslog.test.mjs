// Real logs through a real rsyslog over TCP: every line is stored once, the attack in them becomes alerts, and each
// alert opens the events behind it. With the shared OpenSSH sample where it is there, always with a sample of our own.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, root, sleep } from './server.mjs';

const shared = process.env.GAC_SHARED;
const daemon = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].find(existsSync);

// rsyslog reads `file` from its start and sends each line over TCP, as it does on a server.
function startRsyslog(folder, file, port, framing) {
    const config = join(folder, 'rsyslog.conf');
    writeFileSync(config, `
global(workDirectory="${folder}" maxMessageSize="64k")
module(load="imfile" PollingInterval="1")
template(name="asis" type="string" string="<86>%msg%\\n")
input(type="imfile" File="${file}" Tag="sample" addMetadata="off" reopenOnTruncate="on" ruleset="out")
ruleset(name="out") {
    action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="asis"
           TCP_Framing="${framing}" queue.type="LinkedList" action.resumeRetryCount="-1")
}
`);
    const check = spawnSync(daemon, ['-N1', '-f', config]);
    assert.equal(check.status, 0, `${check.stderr}`);
    return spawn(daemon, ['-n', '-f', config, '-i', join(folder, 'rsyslog.pid')], { stdio: 'ignore' });
}

async function sendAndJudge(original, framing) {
    const server = new Server();
    const text = readFileSync(original, 'utf8');
    const lines = text.split('\n').filter((l) => l.trim() !== '').length;
    const file = join(server.data, 'sample.log');
    writeFileSync(file, text.endsWith('\n') ? text : `${text}\n`);   // rsyslog waits for the end of a line
    const read = addToken(server.data, 'read');
    let sender;
    try {
        await server.start();
        sender = startRsyslog(server.data, file, server.syslogPort, framing);
        await eventually(`${lines} events`, async () => (await server.count(read)) >= lines, 60_000);
        await sleep(1000);
        assert.equal(await server.count(read), lines);
        const alerts = await eventually('a brute-force alert', async () => {
            const page = await server.request('GET', '/api/v1/alerts?limit=100', { token: read });
            assert.equal(page.status, 200, page.text);
            const found = page.json.alerts.filter((a) => /brute|guess|dò|mật khẩu|spray/i.test(`${a.rule_title} ${a.rule_title_vi}`));
            return found.length > 0 && found;
        });
        for (const alert of alerts) {
            const behind = await server.request('GET', `/api/v1/alerts/${alert.id}/events`, { token: read });
            assert.equal(behind.status, 200, behind.text);
            assert.ok(behind.json.events.length > 0, `no events behind ${alert.rule_title}`);
            assert.ok(behind.json.events.every((event) => JSON.stringify(event).includes('sshd')));
        }
        assert.equal((await server.stop()).code, 0);
    } finally {
        if (sender) {
            sender.kill('SIGTERM');
            await new Promise((done) => (sender.exitCode === null && sender.signalCode === null ? sender.once('exit', done) : done()));
        }
        await server.stop();
        server.remove();
    }
}

const skip = daemon ? false : 'rsyslogd is not installed';

test('our sample of password guessing, octet-counted', { skip, timeout: 120_000 }, () =>
    sendAndJudge(join(root, 'tests/data/sshd_guessing.log'), 'octet-counted'));

test('the shared OpenSSH sample, line by line', {
    skip: skip || (shared && existsSync(join(shared, 'data/logs/loghub/OpenSSH_2k.log')) ? false : 'the shared data is not beside the project'),
    timeout: 120_000,
}, () => sendAndJudge(join(shared, 'data/logs/loghub/OpenSSH_2k.log'), 'traditional'));
