// Rules on a real server: found without marks, explained, switched off and on again, excepted from an
// alert and taken back, and the coverage that leads from a technique to its rules.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, guessing, kLead, kList, kPassword, type Server, test } from './server.ts';

async function signIn(page: Page, server: Server, path: string) {
  await page.goto(`${server.url}/login?next=${encodeURIComponent(path)}`);
  await page.getByLabel('Tên đăng nhập').fill(kLead);
  await page.getByLabel('Mật khẩu').fill(kPassword);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await expect(page.getByRole('navigation', { name: 'Điều hướng chính' })).toBeVisible();
}

const grid = (page: Page) => page.getByRole('grid', { name: 'Luật phát hiện' });
const peek = (page: Page) => page.getByRole('complementary', { name: 'Chi tiết luật' });
const kGuessing = 'Dò mật khẩu SSH từ một địa chỉ';

test('a rule is found without marks, opened by keyboard, switched off, and undone', async ({
  page,
  server,
}) => {
  await signIn(page, server, '/rules');
  await expect(grid(page).getByRole('row').nth(3)).toBeVisible();
  await page.getByLabel('Lọc theo tên, mã, ATT&CK').fill('do mat khau ssh dia chi');
  await expect(page).toHaveURL(/q=do/);
  await expect(grid(page).getByRole('row').filter({ hasText: kGuessing })).toBeVisible();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(peek(page).getByRole('heading', { level: 2 })).toHaveText(kGuessing);
  await expect(peek(page).getByRole('region', { name: 'ATT&CK' })).toContainText(
    'Password Guessing',
  );
  await expect(peek(page).getByRole('region', { name: 'Nội dung' })).toContainText('correlation');

  await peek(page).getByRole('button', { name: 'Tắt luật' }).click();
  await page.keyboard.type('Đang kiểm thử hệ thống');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Đã tắt luật.')).toBeVisible();
  await expect(peek(page)).toContainText('Đang kiểm thử hệ thống');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('z');
  await expect(peek(page).getByRole('button', { name: 'Tắt luật' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(peek(page)).toHaveCount(0);
});

test('from an alert to an exception with its effect, to its removal, and back', async ({
  page,
  server,
}) => {
  await server.send(guessing('203.0.113.48', 'VP-WEB04'));
  await signIn(page, server, '/alerts');
  const row = page
    .getByRole('treegrid')
    .getByRole('row', { level: 1 })
    .filter({ hasText: kGuessing });
  await expect(async () => {
    const waiting = page.getByRole('button', { name: /cảnh báo mới/ });
    if (await waiting.isVisible()) await page.keyboard.press('r');
    await row.first().click({ timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  const side = page.getByRole('complementary', { name: 'Xem nhanh' });
  // Why: what the correlation counts, judged condition by condition on the newest event.
  const why = side.getByRole('region', { name: 'Từng điều kiện' });
  await expect(why).toContainText('đếm lần khớp');
  await expect(why).toContainText('Luật khớp sự kiện này.');
  await expect(why.getByRole('button', { expanded: true }).first()).toBeVisible();
  await side.getByRole('button', { name: 'Việc khác' }).click();
  await page.getByRole('menuitem', { name: 'Ngoại lệ cho trường hợp này' }).click();
  const dialog = page.getByRole('dialog');
  // A correlation is excepted by what it groups by.
  await expect(dialog.getByLabel('Trường 1')).toHaveValue('source.ip');
  await expect(dialog.getByLabel('Giá trị 1')).toHaveValue(/^203\.0\.113\./);
  await expect(dialog.getByLabel('Trường 2')).toHaveCount(0);
  // Nothing can be written before the effect was asked for.
  await expect(dialog.getByRole('button', { name: 'Tạo ngoại lệ' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Xem trước tác động' }).click();
  await expect(dialog.getByRole('region', { name: 'Xem trước tác động' })).toContainText('Đã xét');
  const add = dialog.getByRole('button', { name: 'Tạo ngoại lệ' });
  await expect(add).toBeDisabled();
  await dialog.getByLabel('Lý do (bắt buộc)').fill('Máy quét lỗ hổng của trung tâm');
  await add.click();
  await expect(page.getByText('Đã tạo ngoại lệ.')).toBeVisible();

  await page.goto(`${server.url}/rules?tab=exceptions`);
  const list = page.getByRole('listitem').filter({ hasText: 'Máy quét lỗ hổng của trung tâm' });
  await expect(list).toContainText('Đang có hiệu lực');
  await list.getByRole('button', { name: 'Gỡ ngoại lệ' }).click();
  await page.keyboard.type('Đã đổi máy quét');
  await page.keyboard.press('Enter');
  await expect(list).toContainText('Đã gỡ');
  await expect(list).toContainText('Đã đổi máy quét');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('z');
  await expect(list).toContainText('Đang có hiệu lực');
});

test('from an event of the search to the rule that would match it, or why not', async ({
  page,
  server,
}) => {
  await server.send(guessing('203.0.113.49', 'VP-WEB05'));
  await signIn(page, server, '/search?q=source.ip:203.0.113.49');
  await page.getByRole('button', { name: 'Mở dòng' }).first().click();
  await page.getByRole('button', { name: 'Luật nào sẽ khớp?' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Chọn luật').fill('kerberoast');
  await dialog.getByRole('listitem').first().getByRole('button').click();
  await expect(dialog).toContainText('Luật tương quan');
  await expect(dialog).toContainText('nguồn log khác');
  await dialog.getByRole('button', { name: 'Chọn luật khác' }).click();
  await dialog.getByLabel('Chọn luật').fill('ssh');
  await expect(dialog.getByRole('listitem').first()).toBeVisible();
});

test('from a technique of the matrix to its rules; the Navigator layer is a file', async ({
  page,
  server,
}) => {
  await signIn(page, server, '/rules?tab=coverage');
  const column = page.getByRole('region', { name: 'Lấy thông tin đăng nhập' });
  await expect(column).toContainText('Brute Force');
  const loading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Tải lớp Navigator' }).click();
  expect((await loading).suggestedFilename()).toMatch(/\.json$/);
  await column.getByRole('button', { name: /Brute Force/ }).click();
  await expect(page).toHaveURL(/tech=T1110/);
  await expect(grid(page)).toContainText(kGuessing);
});

test('two people switch one rule: the second sees both versions', async ({
  page,
  server,
  browser,
}) => {
  const other = await browser.newContext({ ignoreHTTPSErrors: true });
  const second = await other.newPage();
  const open = async (who: Page) => {
    await signIn(who, server, '/rules?q=ssh');
    await who.getByRole('grid').getByRole('row').filter({ hasText: kGuessing }).click();
    await expect(peek(who).getByRole('button', { name: 'Tắt luật' })).toBeVisible();
  };
  const off = async (who: Page, why: string) => {
    await peek(who).getByRole('button', { name: 'Tắt luật' }).first().click();
    await who.keyboard.type(why);
    await who.keyboard.press('Enter');
  };
  await open(page);
  await open(second);
  // What the first does must not reach the second before he has decided.
  await second.route('**/api/v1/rules**', (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  );
  await second.route('**/api/v1/rules/**', (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  );
  await off(page, 'Ồn quá');
  await expect(page.getByText('Đã tắt luật.')).toBeVisible();
  await off(second, 'Đang bảo trì');
  const dialog = second.getByRole('dialog', { name: 'Có người vừa bật hoặc tắt luật này' });
  await expect(dialog).toContainText('Ồn quá');
  const { violations } = await new AxeBuilder({ page: second }).analyze();
  expect(violations.map((one) => one.id)).toEqual([]);
  await dialog.getByRole('button', { name: 'Giữ bản hiện nay' }).click();
  await expect(dialog).toHaveCount(0);
  await second.unrouteAll();
  await second.reload();
  await expect(peek(second)).toContainText('Ồn quá');
  await other.close();
  await page.keyboard.press('Escape');
  await page.keyboard.press('z');
  await expect(page.getByText('Đã bật luật.')).toBeVisible();
});

test('the lists of indicators in force, with the lines that were left out', async ({
  page,
  server,
}) => {
  await signIn(page, server, '/rules?tab=indicators');
  const row = page.getByRole('row').filter({ hasText: kList });
  await expect(row).toContainText('địa chỉ IP 1, tên miền 1');
  await row.getByRole('button', { name: /^1 dòng bị bỏ/ }).click();
  await expect(page.getByText('Dòng 3', { exact: true })).toBeVisible();
});
