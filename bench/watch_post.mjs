// Figures of the running watch-post, measured from outside on the release binary:
//   node bench/watch_post.mjs [EVENTS]        (default 1,000,000)
// 1. start: from exec to `ready`, on an empty and on a filled data folder
// 2. syslog over TCP to durable, starter rules on, sender on the same machine; then kill -9 and count: no loss
// 3. RSS at its highest while that ran
// 4. search of all these events by a field
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';


process.env.GAC_BIN ??= join(import.meta.dirname, '../build/release/bin/gac');
const { Server, addToken, binary, sleep, temporaryFolder } = await import('../tests/system/server.mjs');
const events = Number(process.argv[2] ?? 1_000_000);

const folder = temporaryFolder();
const lines = join(folder, 'lines.log');
writeFileSync(lines, execFileSync(binary, ['generate', '--mix', 'province', '--events', String(events)], { maxBuffer: 2 ** 31 - 1 }));
const bytes = statSync(lines).size;
const result = { machine: `${os.cpus().length} x ${os.cpus()[0].model}`, events, bytes };

const server = new Server(join(folder, 'data'));
const read = addToken(server.data, 'admin');
let started = performance.now();
await server.start();
result.start_empty_s = (performance.now() - started) / 1000;

const rssMiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
const peakMiB = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
const appended = async () => {
    const text = (await server.request('GET', '/metrics', { token: read })).text;
    return Number(/^gac_pipeline_events_total (\d+)/m.exec(text)?.[1] ?? 0);
};

result.rss_idle_mib = rssMiB();
started = performance.now();
const socket = net.connect(server.syslogPort, '127.0.0.1');
createReadStream(lines, { highWaterMark: 1 << 20 }).pipe(socket);
socket.resume();
await once(socket, 'finish');
while ((await appended()) < events) {
    if (performance.now() - started > 600_000) throw new Error(`only ${await appended()} of ${events} after 10 minutes`);
    await sleep(50);
}
await sleep(50);   // the longest group commit
const seconds = (performance.now() - started) / 1000;
result.syslog_tcp_events_per_s = Math.round(events / seconds);
result.syslog_tcp_mb_per_s = bytes / seconds / 1e6;
result.rss_peak_mib = peakMiB();

await server.kill();
started = performance.now();
await server.start();
result.start_filled_s = (performance.now() - started) / 1000;
result.events_after_kill = await server.count(read);
if (result.events_after_kill !== events) throw new Error(`${events} sent, ${result.events_after_kill} there after kill -9`);

const queries = { by_field: 'source.ip:198.18.3.7', by_user: 'user.name:quantri07', by_word: '"sao-luu"', count_by: '| stats count() by host.name' };
result.search_ms = {};
for (const [name, query] of Object.entries(queries)) {
    const times = [];
    for (let i = 0; i < 5; ++i) {
        const before = performance.now();
        await server.search(read, query, { limit: 100 });
        times.push(performance.now() - before);
    }
    result.search_ms[name] = { first: Math.round(times[0]), median: Math.round(times.sort((a, b) => a - b)[2]) };
}
await server.stop();
spawnSync('rm', ['-rf', folder]);
console.log(JSON.stringify(result, null, 2));
