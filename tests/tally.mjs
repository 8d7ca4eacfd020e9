// Adds up what the runners wrote into RESULTS and prints the closing line. Exit 1 when anything failed or nothing ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, seconds] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const counted = new Set();   // ctest tests whose cases are counted one by one

const readJson = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

for (const name of readdirSync(folder)) {
    const match = /^gac_(\w+)_test(_\d+)?\.json$/.exec(name);
    if (!match) continue;
    counted.add(match[1]);
    for (const suite of readJson(name).testsuites ?? []) {
        for (const test of suite.testsuite) {
            if (test.failures?.length) total.failed++;
            else if (test.result === 'SKIPPED') { total.skipped++; skipped.push(`${suite.name}.${test.name}`); }
            else if (test.result === 'COMPLETED') total.passed++;
        }
    }
}

if (existsSync(join(folder, 'ctest.xml'))) {
    const xml = readFileSync(join(folder, 'ctest.xml'), 'utf8');
    for (const [, name, rest] of xml.matchAll(/<testcase name="([^"]+)"([^>]*)>/g)) {
        const status = /status="(\w+)"/.exec(rest)?.[1];
        if (counted.has(name)) {
            if (status === 'fail' && total.failed === 0) total.failed++;   // crashed before it could report
            continue;
        }
        if (status === 'run') total.passed++;
        else if (status === 'fail') total.failed++;
        else { total.skipped++; skipped.push(name); }
    }
}

const detailed = new Set();   // checks whose cases are counted one by one
if (existsSync(join(folder, 'system.xml'))) {
    const xml = readFileSync(join(folder, 'system.xml'), 'utf8');
    for (const [, attributes, inside] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
        if (inside?.includes('<skipped')) { total.skipped++; skipped.push(/name="([^"]*)"/.exec(attributes)?.[1]); }
        else if (inside?.includes('<failure')) total.failed++;
        else total.passed++;
    }
    detailed.add('system');
}

const addSuite = (suite) => {
    for (const spec of suite.specs ?? []) {
        if (spec.tests.every((t) => t.status === 'skipped')) { total.skipped++; skipped.push(spec.title); }
        else if (spec.ok) total.passed++;
        else total.failed++;
    }
    (suite.suites ?? []).forEach(addSuite);
};
if (existsSync(join(folder, 'vitest.json'))) {
    const run = readJson('vitest.json');
    total.passed += run.numPassedTests;
    total.failed += run.numFailedTests;
    total.skipped += run.numPendingTests;
    detailed.add('web-unit');
}
if (existsSync(join(folder, 'playwright.json'))) {
    readJson('playwright.json').suites.forEach(addSuite);
    detailed.add('web-e2e');
}
if (existsSync(join(folder, 'checks.txt'))) {
    for (const line of readFileSync(join(folder, 'checks.txt'), 'utf8').split('\n').filter(Boolean)) {
        const [outcome, name] = line.split(' ');
        if (outcome === 'pass' && !detailed.has(name)) total.passed++;
        else if (outcome === 'fail' && (!detailed.has(name) || total.failed === 0)) total.failed++;
        else if (outcome === 'skip') { total.skipped++; skipped.push(line.slice(5)); }
    }
}

if (skipped.length) console.log(`skipped: ${skipped.join(', ')}`);
console.log(`in ${seconds} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
