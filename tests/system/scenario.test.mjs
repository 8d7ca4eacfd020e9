// Behaviour as text that an analyst can read: each tests/scenario/*.scn runs against a real server of its own.
//
//   # comment
//   feed   SOURCE FORMAT FILE            a file below the project's root, sent over HTTP
//   line   SOURCE FORMAT TEXT            one line, sent over HTTP
//   expect events N QUERY                that many events match
//   expect alerts N [field=value ...]    that many alerts have these values (rule=path below rules/ without .yml)
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, addToken, eventually, root, sleep } from './server.mjs';

const folder = join(root, 'tests/scenario');

const ruleId = (path) => /^id: (\S+)/m.exec(readFileSync(join(root, 'rules', `${path}.yml`), 'utf8'))[1];

function wants(words) {
    return words.map((word) => {
        const [field, value] = word.split('=');
        return field === 'rule' ? ['rule_id', ruleId(value)] : [field, value];
    });
}

const fits = (alert, wanted) => wanted.every(([field, value]) => String(alert[field]) === value);

async function run(file) {
    const server = await new Server().start();
    try {
        const tokens = Object.fromEntries(['ingest', 'read', 'admin'].map((scope) => [scope, addToken(server.data, scope)]));
        const alerts = async () => {
            const page = await server.request('GET', '/api/v1/alerts?limit=500', { token: tokens.read });
            assert.equal(page.status, 200, page.text);
            return page.json.alerts;
        };
        const send = async (source, format, body) => {
            const answer = await server.request('POST', `/api/v1/ingest?source=${source}&format=${format}`, {
                token: tokens.ingest, body,
            });
            assert.equal(answer.status, 200, answer.text);
        };
        const settled = async (what, wanted, get) => {
            let got;
            try {
                await eventually(what, async () => { got = await get(); return got === wanted; }, 10_000);
            } catch {
                assert.equal(got, wanted, `${what}; there are ${JSON.stringify((await alerts()).map((a) => a.rule_title))}`);
            }
            await sleep(300);
            assert.equal(await get(), wanted, what);   // and it stays so
        };
        for (const [number, line] of readFileSync(join(folder, file), 'utf8').split('\n').entries()) {
            if (line.trim() === '' || line.startsWith('#')) continue;
            const where = `${file}:${number + 1}: ${line}`;
            const [verb, ...words] = line.trim().split(/\s+/);
            if (verb === 'feed') {
                await send(words[0], words[1], readFileSync(join(root, words[2])));
            } else if (verb === 'line') {
                await send(words[0], words[1], `${line.trim().split(/\s+/).slice(3).join(' ')}\n`);
            } else if (verb === 'expect' && words[0] === 'events') {
                const query = words.slice(2).join(' ');
                await settled(where, Number(words[1]), () => server.count(tokens.read, query));
            } else if (verb === 'expect' && words[0] === 'alerts') {
                const wanted = wants(words.slice(2));
                await settled(where, Number(words[1]), async () => (await alerts()).filter((a) => fits(a, wanted)).length);
            } else {
                assert.fail(`${where}: unknown step`);
            }
        }
    } finally {
        assert.equal((await server.stop()).code, 0, server.log);
        server.remove();
    }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.scn'))) {
    test(`scenario ${file}`, { timeout: 60_000 }, () => run(file));
}
