// A real `gac serve` for tests: its own data folder, free ports, accounts made by the command line, and small HTTP
// helpers. Binary: $GAC_BIN, or build/dev/bin/gac.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = resolve(process.env.GAC_BIN ?? join(root, 'build/dev/bin/gac'));
export const password = 'mot-mat-khau-du-dai';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function temporaryFolder() {
    return mkdtempSync(join(tmpdir(), 'gac-test-'));
}

export function gac(args, input) {
    const run = spawnSync(binary, args, { input, encoding: 'utf8', maxBuffer: 256 << 20 });
    if (run.error) throw run.error;
    return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

export function addToken(data, scope) {
    const made = gac(['token', 'add', `test-${scope}`, '--scope', scope, '--data', data]);
    if (made.code !== 0) throw new Error(`token add: ${made.stderr}`);
    return made.stdout.trim();
}

export function addUser(data, name, role, extra = []) {
    const made = gac(['user', 'add', name, '--role', role, '--data', data, ...extra], `${password}\n`);
    if (made.code !== 0) throw new Error(`user add: ${made.stderr}`);
}

// Waits until `check` gives something true; fails with what it gave last.
export async function eventually(what, check, ms = 20_000) {
    const end = Date.now() + ms;
    let last;
    do {
        last = await check();
        if (last) return last;
        await sleep(100);
    } while (Date.now() < end);
    throw new Error(`not within ${ms} ms: ${what}; last: ${JSON.stringify(last)}`);
}

export class Server {
    constructor(data = temporaryFolder(), options = []) {
        this.data = data;
        this.options = options;
        this.log = '';
    }

    async start({ drill = false } = {}) {
        const args = ['serve', '--data', this.data, '--http', '127.0.0.1:0', '--syslog', '127.0.0.1:0',
            ...(drill ? [] : ['--no-drill']), ...this.options];
        this.child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        this.exit = new Promise((done) => this.child.once('exit', (code, signal) => done({ code, signal })));
        this.child.stderr.on('data', (bytes) => { this.log = (this.log + bytes).slice(-64_000); });
        const line = await new Promise((done, failed) => {
            let out = '';
            this.child.stdout.on('data', (bytes) => {
                out += bytes;
                const ready = out.split('\n').find((l) => l.startsWith('ready '));
                if (ready) done(ready);
            });
            this.exit.then((how) => failed(new Error(`gac serve ended: ${JSON.stringify(how)} ${this.log}`)));
        });
        this.port = Number(/console=https:\/\/[^ ]*:(\d+)/.exec(line)[1]);
        this.syslogPort = Number(/syslog=[^ ]*:(\d+)/.exec(line)[1]);
        this.agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 64 });
        return this;
    }

    // { status, headers, text, json }; rejects when the connection breaks.
    request(method, path, { token, headers = {}, body, timeout = 60_000 } = {}) {
        return new Promise((done, failed) => {
            const out = https.request({
                host: '127.0.0.1', port: this.port, method, path, agent: this.agent, timeout,
                headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers },
            }, (response) => {
                const parts = [];
                response.on('data', (part) => parts.push(part));
                response.on('error', failed);
                response.on('end', () => {
                    const text = Buffer.concat(parts).toString('utf8');
                    let json;
                    try { json = JSON.parse(text); } catch { json = undefined; }
                    done({ status: response.statusCode, headers: response.headers, text, json });
                });
            });
            out.on('timeout', () => out.destroy(new Error('timeout')));
            out.on('error', failed);
            out.end(body);
        });
    }

    // Over all time: events of fixtures carry the dates of their making.
    async search(token, query, extra = {}) {
        const answer = await this.request('POST', '/api/v1/search', {
            token, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query, from: '1970-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', ...extra }),
        });
        if (answer.status !== 200) throw new Error(`search: ${answer.status} ${answer.text}`);
        return answer.json;
    }

    async count(token, query = '', extra = {}) {
        const answer = await this.search(token, `${query} | stats count()`, extra);
        return answer.rows.length === 0 ? 0 : answer.rows[0].count;
    }

    async stop() {
        this.agent?.destroy();
        if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
            this.child.kill('SIGTERM');
        }
        return this.exit;
    }

    kill() {
        this.agent?.destroy();
        this.child.kill('SIGKILL');
        return this.exit;
    }

    remove() {
        rmSync(this.data, { recursive: true, force: true });
    }
}
