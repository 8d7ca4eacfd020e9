// Figures of event history on `gac generate --mix province`, measured from outside on the release binary:
//   node bench/history.mjs [EVENTS] [--peers] [--keep DIR]        (default 5,000,000; the look-ups are over 50,000,000)
// 1. ingest on one core: lines to parsed, durable, indexed segments; bytes on disk against `zstd -3` of the lines
// 2. questions to a server over that history, pinned to one core, warm, the median of nine: a rare substring, a rare word,
//    counting by a field, one address; then the same on all cores
// 3. `gac hunt` with 1 M indicators, of which 200 stand in the lines
// 4. --peers: ClickHouse and SQLite (FTS5) with the same parsed events, when they are installed
//    (Debian: clickhouse-server clickhouse-client sqlite3); SQLite takes at most the first million
// Every count is checked against the lines themselves; a wrong one ends the run.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

process.env.GAC_BIN ??= join(import.meta.dirname, '../build/release/bin/gac');
const { Server, addToken, binary, sleep, temporaryFolder } = await import('../tests/system/server.mjs');

const args = process.argv.slice(2);
const option = (name) => { const at = args.indexOf(name); return at < 0 ? null : args.splice(at, 2)[1]; };
const peers = args.includes('--peers') && args.splice(args.indexOf('--peers'), 1).length > 0;
const kept = option('--keep');
const events = Number(args[0] ?? 5_000_000);
const folder = kept ?? temporaryFolder();
mkdirSync(folder, { recursive: true });
const lines = join(folder, 'lines.log');
const data = join(folder, 'data');
const rareWord = 'zqkxwvjy';        // stands in one line that is added in the middle
const address = '198.18.3.7';

const bytesOf = (path) => statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : statSync(path).size;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const one = (command, ...rest) => ['taskset', ['-c', '1', command, ...rest]];
const result = { machine: `${os.cpus().length} x ${os.cpus()[0].model}`, events };

// ---- the lines, and what is true of them ----
if (!existsSync(lines)) {
    const generate = spawn(binary, ['generate', '--mix', 'province', '--events', String(events - 1)]);
    let seen = 0;
    await pipeline(generate.stdout, async function* (chunks) {
        for await (const chunk of chunks) {
            const half = seen < events * 95 && seen + chunk.length >= events * 95;
            seen += chunk.length;
            if (!half) { yield chunk; continue; }
            const cut = chunk.indexOf('\n') + 1;
            yield chunk.subarray(0, cut);
            yield `<86>Nov 22 21:59:13 SYT-SRV01 sshd[4242]: Failed password for ${rareWord} from 192.0.2.77 port 4711 ssh2\n`;
            yield chunk.subarray(cut);
        }
    }, createWriteStream(lines));
}
result.line_bytes = statSync(lines).size;
result.zstd3_bytes = Number(execFileSync('sh', ['-c', 'zstd -3 -c "$0" | wc -c', lines]).toString());
const lookedUp = Number(spawnSync('grep', ['-cwF', address, lines]).stdout.toString());

// ---- ingest ----
if (!existsSync(data)) {
    const run = spawnSync(...one(binary, 'ingest', '--data', data, '--stats', lines), { maxBuffer: 2 ** 28 });
    if (run.status === 2) throw new Error(run.stderr.toString());
    const stats = JSON.parse(run.stderr.toString().trim().split('\n').at(-1));
    result.ingest = { events_per_s: Math.round(stats.events / stats.seconds), rss_mib: Math.round(stats.rss_bytes / 2 ** 20) };
}
result.stored_bytes = bytesOf(join(data, 'events'));
result.stored_over_zstd3 = result.stored_bytes / result.zstd3_bytes;
result.stored_bytes_per_event = result.stored_bytes / events;

// ---- questions ----
async function questions(core) {
    const server = new Server(data);
    const token = addToken(data, 'admin');
    await server.start();
    if (core !== null) execFileSync('taskset', ['-a', '-cp', String(core), String(server.child.pid)], { stdio: 'ignore' });
    const ask = async (query, rest = {}) => {
        const times = [];
        let answer;
        for (let i = 0; i < 10; ++i) {
            const before = performance.now();
            answer = await server.search(token, query, { limit: 100, from: '1970-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', ...rest });
            times.push(performance.now() - before);
        }
        return { ms: median(times.slice(1)), first_ms: times[0], answer };
    };
    const found = (asked, expected, what) => {
        const count = asked.answer.rows[0]?.count ?? 0;
        if (count !== expected) throw new Error(`${what}: ${count} found, ${expected} are in the lines`);
    };
    const out = {};
    try {
        const all = await ask('| stats count()');
        found(all, events, 'all');
        const substring = await ask(`*${rareWord.slice(1, 7)}* | stats count()`);
        found(substring, 1, 'rare substring');
        out.rare_substring = { ms: substring.ms, line_gb_per_s: result.line_bytes / substring.ms / 1e6 };
        const word = await ask(`${rareWord} | stats count()`);
        found(word, 1, 'rare word');
        out.rare_word = { ms: word.ms, line_gb_per_s: result.line_bytes / word.ms / 1e6 };
        const by = await ask('| stats count() by host.name | limit 1000');
        out.count_by_host = { ms: by.ms, m_rows_per_s: events / by.ms / 1e3 };
        const counted = await ask(`event.original:"${address}" | stats count()`);
        if (!counted.answer.partial) found(counted, lookedUp, 'the address in lines');
        const page = await ask(`source.ip:${address}`);
        out.address_first_page = { ms: page.ms, rows: page.answer.rows.length };
        out.newest_page = { ms: (await ask('')).ms };
        const status = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(execFileSync('cat', [`/proc/${server.child.pid}/status`]).toString())[1]) / 1024;
        out.rss_mib = Math.round(status('VmRSS'));
        return out;
    } finally {
        await server.stop();
    }
}
result.one_core = await questions(0);
result.all_cores = await questions(null);

// ---- hunt ----
const list = join(folder, 'indicators.txt');
{
    const out = createWriteStream(list);
    for (let i = 0; i < 1_000_000; ++i) {
        // 200 of the 50,000 addresses of the mix; the rest nobody has.
        const hit = i % 5000 === 0 ? i / 5000 * 250 : -1;
        out.write(hit >= 0 ? `198.18.${hit >> 8}.${hit & 255}\n`
            : i % 2 ? `100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}\n` : `x${i.toString(36)}.tenmien.example\n`);
    }
    await new Promise((done) => out.end(done));
}
const hunts = [];
for (let i = 0; i < 3; ++i) {
    const run = spawnSync(binary, ['hunt', '--indicators', list, '--data', data, '--json', '--stats'], { maxBuffer: 2 ** 28 });
    if (run.status !== 0 && run.status !== 1) { hunts.push({ error: run.stderr.toString().slice(0, 300) }); break; }
    const stats = JSON.parse(run.stderr.toString().trim().split('\n').at(-1));
    const rows = run.stdout.toString().trim().split('\n').map((l) => JSON.parse(l)).filter((r) => r.count > 0);
    hunts.push({ seconds: stats.seconds, load_seconds: stats.load_seconds, found: rows.length });
}
result.hunt = hunts.at(-1);

// ---- the same events in other stores ----
async function parsed(path, rows) {      // tab separated: time, host, source.ip, user, action, dataset, line
    const decode = spawn('sh', ['-c', 'head -n "$1" "$0" | "$2" decode -', lines, String(rows), binary]);
    const out = createWriteStream(path);
    const plain = (v) => String(v ?? '').replace(/[\t\n\\]/g, ' ');
    for await (const line of createInterface({ input: decode.stdout })) {
        const e = JSON.parse(line);
        const text = [plain(e['@timestamp']).slice(0, 19).replace('T', ' '), plain(e['host.name'] ?? e.devname), plain(e['source.ip']),
            plain(e['user.name']), plain(e['event.action']), plain(e['event.dataset']), plain(e['event.original'])].join('\t') + '\n';
        if (!out.write(text)) await new Promise((done) => out.once('drain', done));
    }
    await new Promise((done) => out.end(done));
}

const timed = (f) => { const before = performance.now(); const value = f(); return [(performance.now() - before) / 1000, value]; };

async function clickhouse(table, rows) {
    const home = mkdtempSync(join(folder, 'clickhouse-'));
    const free = () => new Promise((done) => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });
    const [tcp, http, sync] = [await free(), await free(), await free()];
    writeFileSync(join(home, 'config.xml'), `<yandex><logger><level>warning</level><log>${home}/log</log><errorlog>${home}/err</errorlog></logger>
<tcp_port>${tcp}</tcp_port><http_port>${http}</http_port><interserver_http_port>${sync}</interserver_http_port><listen_host>127.0.0.1</listen_host>
<path>${home}/data/</path><tmp_path>${home}/tmp/</tmp_path><users_config>users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><mark_cache_size>536870912</mark_cache_size></yandex>`);
    writeFileSync(join(home, 'users.xml'), `<yandex><profiles><default><max_threads>1</max_threads></default></profiles><users><default><password></password>
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users><quotas><default></default></quotas></yandex>`);
    const child = spawn('clickhouse-server', [`--config-file=${join(home, 'config.xml')}`], { cwd: home, stdio: 'ignore' });
    const client = (query, input) => {
        const run = spawnSync('sh', ['-c', `clickhouse-client --port ${tcp} --query "$0" ${input ? '< "$1"' : ''}`, query, input ?? ''], { maxBuffer: 2 ** 28 });
        if (run.status !== 0) throw new Error(run.stderr.toString());
        return run.stdout.toString().trim();
    };
    try {
        for (let i = 0; ; ++i) { try { client('select 1'); break; } catch (e) { if (i > 100) throw e; await sleep(100); } }
        client('create table e (t DateTime, host String, ip String, user String, action String, dataset String, line String) engine = MergeTree partition by toYYYYMMDD(t) order by (host, t)');
        const [insert] = timed(() => client('insert into e format TabSeparated', table));
        client('optimize table e final');
        const best = (query) => Math.min(...[1, 2, 3].map(() => timed(() => client(query))[0]));
        const idle = best('select 1');        // starting the client is not the server's time
        const took = (query) => Math.max(best(query) - idle, 0.001);
        const scan = took(`select count() from e where position(line, '${rareWord.slice(1, 7)}') > 0`);
        return {
            rows, insert_events_per_s: Math.round(rows / insert), stored_bytes_per_event: bytesOf(join(home, 'data/data')) / rows,
            rare_substring_line_gb_per_s: result.line_bytes / events * rows / scan / 1e9,
            count_by_host_m_rows_per_s: rows / took('select host, count() from e group by host') / 1e6,
            address_first_page_ms: took(`select * from e where ip = '${address}' order by t desc limit 100`) * 1000,
        };
    } finally {
        child.kill('SIGTERM');
        await new Promise((done) => child.once('exit', done));
    }
}

function sqlite(table, rows) {
    const file = join(folder, 'peer.sqlite');
    rmSync(file, { force: true });
    const run = (sql) => {
        const done = spawnSync('sqlite3', [file], { input: sql, maxBuffer: 2 ** 28 });
        if (done.status !== 0) throw new Error(done.stderr.toString());
        return done.stdout.toString().trim();
    };
    const [insert] = timed(() => run(`pragma journal_mode=wal; pragma synchronous=normal;
create table e (t text, host text, ip text, user text, action text, dataset text, line text);
.mode ascii
.separator "\\t" "\\n"
.import '${table}' e
create index e_ip on e (ip, t);
create virtual table f using fts5(line, content='e', content_rowid='rowid');
insert into f(f) values('rebuild'); pragma wal_checkpoint(truncate);`));
    const took = (sql) => Math.min(...[1, 2, 3].map(() => timed(() => run(sql))[0]));
    return {
        rows, insert_events_per_s: Math.round(rows / insert), stored_bytes_per_event: statSync(file).size / rows,
        rare_substring_line_gb_per_s: result.line_bytes / events * rows / took(`select count(*) from e where instr(line, '${rareWord.slice(1, 7)}') > 0;`) / 1e9,
        rare_word_ms: took(`select count(*) from f where f match '${rareWord}';`) * 1000,
        count_by_host_m_rows_per_s: rows / took('select host, count(*) from e group by host;') / 1e6,
        address_first_page_ms: took(`select * from e where ip = '${address}' order by t desc limit 100;`) * 1000,
    };
}

if (peers) {
    const there = (name) => spawnSync('which', [name]).status === 0;
    const few = Math.min(events, 1_000_000);
    const table = join(folder, 'parsed.tsv');
    if (there('clickhouse-server')) {
        const rows = Math.min(events, 5_000_000);
        await parsed(table, rows);
        result.clickhouse = await clickhouse(table, rows);
    }
    if (there('sqlite3')) {
        await parsed(table, few);
        result.sqlite = sqlite(table, few);
    }
}
if (!kept) rmSync(folder, { recursive: true });
console.log(JSON.stringify(result, null, 2));
