// A real `gac serve` with its own data folder, on free ports, for the life of one test worker.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test as base } from '@playwright/test';

const kBinary = resolve(process.env.GAC_BIN ?? '../build/release/bin/gac');
export const kUser = 'truc.ban';
/** May change rules; the analyst may not. */
export const kLead = 'dieu.phoi';
export const kPassword = 'mat khau dai cua ca truc 2026';

/** A list of indicators with 203.0.113.90 in it. */
export const kList = 'botnet';

export type Server = {
  url: string;
  /** Sends lines as the source `linux` and returns how many were accepted. */
  send: (lines: string[]) => Promise<number>;
};

function run(args: string[], input = ''): string {
  const done = spawnSync(kBinary, args, { input, encoding: 'utf8', timeout: 30_000 });
  if (done.status !== 0) {
    throw new Error(`${kBinary} ${args.join(' ')}: ${done.error ?? done.stderr}`);
  }
  return done.stdout.trim();
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let seen = '';
    const timer = setTimeout(() => fail(new Error(`the server was not ready:\n${seen}`)), 30_000);
    const take = (chunk: Buffer) => {
      seen += chunk.toString();
      const found = /ready console=(https:\/\/\S+)/.exec(seen);
      if (found?.[1]) {
        clearTimeout(timer);
        done(found[1].replace(/\/$/, ''));
      }
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.on('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`the server ended with ${code}:\n${seen}`));
    });
  });
}

function post(url: string, token: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    const sent = request(
      url,
      {
        method: 'POST',
        rejectUnauthorized: false,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

export const test = base.extend<object, { server: Server }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: the fixture depends on no other
    async ({}, use) => {
      const data = mkdtempSync(join(tmpdir(), 'gac-e2e-'));
      let child: ChildProcess | undefined;
      try {
        run(['user', 'add', kUser, '--role', 'analyst', '--data', data], `${kPassword}\n`);
        run(['user', 'add', kLead, '--role', 'coordinator', '--data', data], `${kPassword}\n`);
        const token = run(['token', 'add', 'e2e', '--scope', 'ingest', '--data', data])
          .split(/\s+/)
          .pop();
        const lists = join(data, 'lists');
        mkdirSync(lists);
        writeFileSync(join(lists, `${kList}.txt`), '203.0.113.90\nevil.example.org\n!! no line\n');
        const config = join(data, 'gac.yaml');
        writeFileSync(config, `indicators: ["${lists}"]\n`);
        child = spawn(
          kBinary,
          [
            'serve',
            '--config',
            config,
            '--http',
            '127.0.0.1:0',
            '--syslog',
            '127.0.0.1:0',
            '--no-drill',
            '--data',
            data,
          ],
          { stdio: ['ignore', 'pipe', 'pipe'], cwd: resolve('..') },
        );
        const url = await ready(child);
        await use({
          url,
          send: async (lines) => {
            const answer = await post(
              `${url}/api/v1/ingest?source=linux`,
              token ?? '',
              `${lines.join('\n')}\n`,
            );
            if (answer.status !== 200) throw new Error(`ingest: ${answer.status} ${answer.text}`);
            return (JSON.parse(answer.text) as { accepted: number }).accepted;
          },
        });
      } finally {
        if (child && child.exitCode === null) {
          const ended = new Promise((done) => child?.once('exit', done));
          child.kill('SIGTERM');
          const timer = setTimeout(() => child?.kill('SIGKILL'), 10_000);
          await ended;
          clearTimeout(timer);
        }
        rmSync(data, { recursive: true, force: true });
      }
    },
    { scope: 'worker', timeout: 90_000 },
  ],
});

export { expect } from '@playwright/test';

/** Failed root logins from one address, enough for the password guessing rule. */
export function guessing(address: string, host: string, at = new Date()): string[] {
  const months = [
    'Jan',
    'Feb',
    'Mar',
    'Apr',
    'May',
    'Jun',
    'Jul',
    'Aug',
    'Sep',
    'Oct',
    'Nov',
    'Dec',
  ];
  return Array.from({ length: 12 }, (_, n) => {
    const when = new Date(at.getTime() - (12 - n) * 5000 + 7 * 3_600_000);
    const pad = (value: number) => String(value).padStart(2, '0');
    const day = String(when.getUTCDate()).padStart(2, ' ');
    const clock = [when.getUTCHours(), when.getUTCMinutes(), when.getUTCSeconds()]
      .map(pad)
      .join(':');
    const stamp = `${months[when.getUTCMonth()]} ${day} ${clock}`;
    return `${stamp} ${host} sshd[${2200 + n}]: Failed password for root from ${address} port ${40100 + n} ssh2`;
  });
}
