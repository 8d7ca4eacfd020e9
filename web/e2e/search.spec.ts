// Event search on a real server: completion by keyboard, the fault under its place, narrowing from a
// value, the event beside the list, a typed span, a saved search shared with another person, the draft
// of a rule, the export of the rows.
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, guessing, kLead, kList, kPassword, kUser, type Server, test } from './server.ts';

async function signIn(page: Page, server: Server, name: string) {
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Tên đăng nhập').fill(name);
  await page.getByLabel('Mật khẩu').fill(kPassword);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await expect(page.getByRole('navigation', { name: 'Điều hướng chính' })).toBeVisible();
}

const line = (page: Page) => page.getByRole('combobox', { name: 'Câu tìm' });
const rows = (page: Page) =>
  page.getByRole('table', { name: 'Sự kiện', exact: true }).getByRole('row');

async function ask(page: Page, server: Server, q: string, more = '') {
  await page.goto(`${server.url}/search?q=${encodeURIComponent(q)}${more}`);
}

async function clean(page: Page, where: string) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  expect(found, where).toEqual([]);
}

test('a question is completed, asked, narrowed and given up, by keyboard', async ({
  page,
  server,
}) => {
  await server.send(guessing('203.0.113.81', 'VP-WEB81'));
  await signIn(page, server, kUser);
  await ask(page, server, '*');
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press('/');
  await line(page).fill('');
  await line(page).pressSequentially('host.na');
  await expect(page.getByRole('option', { name: /host\.name/ })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(line(page)).toHaveValue('host.name:');
  await page.keyboard.type('vp-web81');
  await expect(page.getByRole('option', { name: 'VP-WEB81' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(line(page)).toHaveValue('host.name:VP-WEB81 ');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=host\.name(%3A|:)VP-WEB81/);
  await expect(rows(page)).toHaveCount(13);

  // The first row's pivot menu: exclude it by its key.
  await page.getByRole('button', { name: '203.0.113.81' }).first().click();
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('-');
  await expect(page.getByText('Không có sự kiện nào khớp.')).toBeVisible();
  await page.goBack();
  await expect(rows(page)).toHaveCount(13);
});

test('a fault stands under its place and nothing is lost', async ({ page, server }) => {
  await signIn(page, server, kUser);
  await ask(page, server, 'user.name:root and (');
  const fault = page.locator('#query-fault');
  await expect(fault).toContainText('Ở đây thiếu một điều kiện.');
  await expect(fault.locator('pre')).toHaveText(/\n {20}\^$/);
  await expect(line(page)).toHaveValue('user.name:root and (');
});

test('the event beside the list, its entity over it, both in the address', async ({
  page,
  server,
}) => {
  await server.send(guessing('203.0.113.82', 'VP-WEB82'));
  await signIn(page, server, kLead);
  await ask(page, server, 'host.name:VP-WEB82');
  await expect(rows(page)).toHaveCount(13);
  await page.keyboard.press('j');
  await page.keyboard.press('Space');
  const beside = page.getByRole('complementary', { name: 'Chi tiết sự kiện' });
  await expect(beside).toContainText('203.0.113.82');
  await expect(beside).toContainText('Failed password');
  await page.keyboard.press('j');
  await expect(beside).toContainText('2 / 12');
  await clean(page, 'event beside the list');
  await page.reload();
  await expect(beside).toContainText('2 / 12');
  await beside.getByRole('button', { name: '203.0.113.82', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Xem thực thể' }).click();
  const entity = page.getByRole('complementary', { name: 'Thực thể 203.0.113.82' });
  await expect(entity).toContainText('VP-WEB82');
  await clean(page, 'entity');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(beside).toHaveCount(0);
});

test('a typed span, wider and back', async ({ page, server }) => {
  await server.send(guessing('203.0.113.83', 'VP-WEB83'));
  await signIn(page, server, kUser);
  await ask(page, server, 'host.name:VP-WEB83');
  await expect(rows(page)).toHaveCount(13);
  const from = page.getByLabel('Từ lúc');
  await from.fill('31/02/2026');
  await expect(from).toHaveAttribute('aria-invalid', 'true');
  await from.fill('01/01/2026 00:00:00');
  await page.getByLabel('Đến lúc').fill('02/01/2026 00:00:00');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=.*2025-12-31T17/);
  await expect(page.getByText('Không có sự kiện nào khớp.')).toBeVisible();
  await page.getByRole('button', { name: 'Về khoảng trước' }).click();
  await expect(rows(page)).toHaveCount(13);
});

test('a saved search is shared, opened by somebody else, removed and put back', async ({
  page,
  server,
  browser,
}) => {
  await server.send(guessing('203.0.113.84', 'VP-WEB84'));
  await signIn(page, server, kUser);
  await ask(page, server, 'host.name:VP-WEB84', '&range=7d&cols=user.name,source.ip,message');
  await expect(rows(page)).toHaveCount(13);
  await page.keyboard.press('s');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Tên', { exact: true }).fill('Dò mật khẩu VP-WEB84');
  await dialog.getByText('Chia sẻ với đơn vị').click();
  await clean(page, 'save dialog');
  await dialog.getByRole('button', { name: 'Lưu', exact: true }).click();
  await expect(page).toHaveURL(/saved=/);
  const id = new URL(page.url()).searchParams.get('saved')?.replaceAll('"', '');

  const other = await browser.newContext({ ignoreHTTPSErrors: true });
  const second = await other.newPage();
  await signIn(second, server, kLead);
  await second.goto(`${server.url}/search?saved=${id}`);
  await expect(rows(second)).toHaveCount(13);
  await expect(second).toHaveURL(/range=7d/);
  await expect(second.getByText('Dò mật khẩu VP-WEB84')).toBeVisible();
  await other.close();

  await page.getByRole('button', { name: 'Đã lưu' }).click();
  await clean(page, 'list of saved searches');
  await dialog.getByRole('button', { name: 'Xoá Dò mật khẩu VP-WEB84' }).click();
  await expect(page.getByText('Đã xoá “Dò mật khẩu VP-WEB84”.')).toBeVisible();
  await expect(dialog.getByText('Chưa lưu cuộc săn nào.')).toBeVisible();
  await page.getByRole('button', { name: 'Hoàn tác' }).click();
  await expect(dialog.getByRole('button', { name: /^Dò mật khẩu VP-WEB84/ })).toBeVisible();
});

test('a table as bars, and the rows at hand as a file', async ({ page, server }) => {
  await server.send(guessing('203.0.113.85', 'VP-WEB85'));
  await signIn(page, server, kUser);
  await ask(page, server, 'host.name:VP-WEB85 | stats count() by user.name, source.ip');
  await page.getByRole('tab', { name: 'Cột' }).click();
  await expect(page.getByRole('rowheader')).toContainText('203.0.113.85');
  await clean(page, 'bars');
  await ask(page, server, 'host.name:VP-WEB85');
  await expect(rows(page)).toHaveCount(13);
  await page.getByRole('button', { name: 'Xuất' }).click();
  const waiting = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /^CSV, các cột đang hiện/ }).click();
  const file = await (await waiting).path();
  const lines = readFileSync(file, 'utf8').trim().split('\r\n');
  expect(lines).toHaveLength(13);
  expect(lines[0]).toBe(
    '@timestamp,host.name,user.name,source.ip,event.action,event.outcome,message',
  );
  expect(lines[1]).toContain('VP-WEB85,root,203.0.113.85');
});

test('every matching event as a file, not only those at hand', async ({ page, server }) => {
  const sent = Array.from({ length: 30 }, (_, n) => guessing('203.0.113.86', `VP-BIG${n}`)).flat();
  expect(await server.send(sent)).toBe(360);
  await signIn(page, server, kUser);
  await ask(page, server, 'source.ip:203.0.113.86', '&cols=user.name,source.ip,message');
  await expect(page.getByText('360 sự kiện khớp')).toBeVisible();
  const save = async (name: RegExp) => {
    await page.getByRole('button', { name: 'Xuất' }).click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('menuitem', { name }).click();
    const done = await waiting;
    expect(await done.failure()).toBeNull();
    return { name: done.suggestedFilename(), text: readFileSync(await done.path(), 'utf8') };
  };
  const csv = await save(/^CSV, mọi sự kiện/);
  expect(csv.name).toBe('gac-events.csv');
  expect(csv.text.startsWith('\uFEFF@timestamp,user.name,source.ip,message\r\n')).toBe(true);
  const lines = csv.text.trim().split('\r\n');
  expect(lines).toHaveLength(361);
  expect(lines[1]).toContain(',root,203.0.113.86,Failed password');
  await expect(page.getByText(/Trình duyệt đang tải tệp về/)).toBeVisible();
  const all = await save(/^NDJSON, mọi sự kiện/);
  const events = all.text
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one));
  expect(new Set(events.map((one) => one['host.name'])).size).toBe(30);
  expect(events).toHaveLength(360);

  await ask(page, server, 'source.ip:203.0.113.86 | stats count() by host.name');
  await page.getByRole('button', { name: 'Xuất' }).click();
  await expect(page.getByText(/Câu tìm có \| stats, nên chỉ xuất được/)).toBeVisible();
  await expect(page.getByRole('menuitem', { name: /mọi sự kiện/ })).toHaveCount(0);
});

test('a draft becomes a rule that fires, once its fault is mended, and an analyst cannot keep it', async ({
  page,
  server,
  browser,
}) => {
  await server.send(guessing('203.0.113.87', 'VP-WEB87'));
  await signIn(page, server, kLead);
  await ask(page, server, 'user.name:root and source.ip:203.0.113.87');
  await expect(rows(page)).toHaveCount(13);
  await page.getByRole('button', { name: 'Thành luật' }).click();
  const dialog = page.getByRole('dialog', { name: 'Bản thảo luật Sigma' });
  await dialog.getByLabel('Tên luật').fill('Đăng nhập root từ máy lạ 87');
  const text = dialog.getByLabel(/^Luật dạng Sigma/);
  const keep = dialog.getByRole('button', { name: 'Lưu thành luật' });
  await expect(keep).toBeEnabled();
  const right = await text.inputValue();
  await text.fill(right.replace(/condition: .*/, 'condition: nobody'));
  await expect(keep).toBeDisabled();
  await dialog.getByRole('button', { name: /^Dòng \d+/ }).click();
  await expect(text).toBeFocused();
  await clean(page, 'a draft with a fault');
  await text.fill(right);
  await keep.click();
  await expect(dialog.getByText(/đang xét các sự kiện mới đến/)).toBeVisible();
  await clean(page, 'a rule that was kept');
  await dialog.getByRole('link', { name: 'Mở luật' }).click();
  const rule = page.getByRole('complementary', { name: 'Chi tiết luật' });
  await expect(rule.getByRole('heading', { level: 2 })).toHaveText('Đăng nhập root từ máy lạ 87');
  await expect(rule).toContainText('console 1');
  await server.send(guessing('203.0.113.87', 'VP-WEB87'));
  await page.goto(`${server.url}/alerts`);
  await expect(async () => {
    const waiting = page.getByRole('button', { name: /cảnh báo mới/ });
    if (await waiting.isVisible()) await page.keyboard.press('r');
    await expect(
      page.getByRole('treegrid').getByRole('row').filter({ hasText: 'máy lạ 87' }).first(),
    ).toBeVisible({ timeout: 1000 });
  }).toPass();

  const other = await browser.newContext({ ignoreHTTPSErrors: true });
  const analyst = await other.newPage();
  await signIn(analyst, server, kUser);
  await ask(analyst, server, 'user.name:root');
  await analyst.getByRole('button', { name: 'Thành luật' }).click();
  await expect(analyst.getByText('Máy chủ đọc được luật này và sẽ cho chạy.')).toBeVisible();
  await expect(analyst.getByRole('button', { name: 'Lưu thành luật' })).toBeDisabled();
  await other.close();
});

test('| hunt is completed with the lists in force', async ({ page, server }) => {
  await server.send(guessing('203.0.113.90', 'VP-WEB90'));
  await signIn(page, server, kUser);
  await ask(page, server, 'host.name:VP-WEB90');
  await expect(rows(page)).toHaveCount(13);
  await page.keyboard.press('/');
  await line(page).press('End');
  await line(page).pressSequentially(' | hunt b');
  await expect(page.getByRole('option', { name: kList })).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/hunt/);
  await expect(rows(page)).toHaveCount(13);
});

test('the draft of a rule says what it cannot say', async ({ page, server }) => {
  await signIn(page, server, kLead);
  await ask(page, server, 'user.name:root and source.ip:203.0.113.0/24 and @timestamp > -1h');
  await page.getByRole('button', { name: 'Thành luật' }).click();
  const dialog = page.getByRole('dialog', { name: 'Bản thảo luật Sigma' });
  await expect(dialog.getByLabel(/^Luật dạng Sigma/)).toHaveValue(
    /source\.ip\|cidr: '203\.0\.113\.0\/24'/,
  );
  await expect(dialog).toContainText('Luật không xét thời điểm.');
  await clean(page, 'draft of a rule');
});
