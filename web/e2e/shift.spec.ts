// The night's story on a real server: sign in, an alert arrives live, acknowledged by keyboard, its
// details, a search from one of its values, closed with a verdict; and undo, which takes it back.
import type { Page } from '@playwright/test';
import { expect, guessing, kPassword, kUser, type Server, test } from './server.ts';

async function signIn(page: Page, server: Server) {
  await page.goto(`${server.url}/alerts`);
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel('Tên đăng nhập').fill(kUser);
  await page.getByLabel('Mật khẩu').fill(kPassword);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await expect(page.getByRole('heading', { name: 'Hàng đợi cảnh báo' })).toBeVisible();
  await expect(page.locator('.lamp[data-state="live"]')).toBeVisible();
}

const rows = (page: Page) => page.getByRole('treegrid').getByRole('row', { level: 1 });

test('wrong password says so and does not let in', async ({ page, server }) => {
  await page.goto(`${server.url}/`);
  await page.getByLabel('Tên đăng nhập').fill(kUser);
  await page.getByLabel('Mật khẩu').fill('khong phai mat khau nay');
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await expect(page.getByRole('alert')).toContainText('không đúng');
});

test('from the live alert to its verdict, by keyboard', async ({ page, server }) => {
  await signIn(page, server);
  expect(await server.send(guessing('203.0.113.45', 'VP-WEB01'))).toBe(12);
  const guessed = rows(page).filter({ hasText: 'Dò mật khẩu SSH từ một địa chỉ' });
  // Peek: why it fired, with the matched address marked, and the events behind it.
  const peek = page.getByRole('complementary', { name: 'Xem nhanh' });
  await expect(async () => {
    const waiting = page.getByRole('button', { name: /cảnh báo mới/ });
    if (await waiting.isVisible()) await page.keyboard.press('r');
    await guessed.click({ timeout: 1000 });
    await expect(peek.getByRole('region', { name: 'Vì sao báo' })).toContainText('203.0.113.45', {
      timeout: 2000,
    });
  }).toPass({ timeout: 30_000 });
  await expect(peek.getByRole('region', { name: 'Sự kiện gốc' })).toContainText('Failed password');
  await expect(peek.getByRole('region', { name: 'Sự kiện đằng sau' })).toContainText('VP-WEB01');

  // Acknowledge, undo, acknowledge again.
  await page.keyboard.press('a');
  await expect(page.getByText('Đã nhận 1 cảnh báo.')).toBeVisible();
  await page.keyboard.press('z');
  await expect(page.getByText('Đã hoàn tác 1 cảnh báo.')).toBeVisible();
  await guessed.click();
  await expect(peek.getByRole('button', { name: 'Nhận', exact: true })).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByText('Đã nhận 1 cảnh báo.')).toBeVisible();

  // Details on a page of their own, and back.
  await guessed.click();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/alerts\/[^?]+/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'Dò mật khẩu SSH từ một địa chỉ',
  );
  const timeline = page.getByRole('region', { name: 'Diễn biến' });
  await expect(timeline).toContainText('Đã nhận');
  await page.keyboard.press('n');
  await page.keyboard.type('Đã gọi đầu mối đơn vị.');
  await page.keyboard.press('Control+Enter');
  await expect(timeline).toContainText('Đã gọi đầu mối đơn vị.');
  const url = page.url();

  // From a value to its events.
  await page.getByRole('region', { name: 'Vì sao báo' }).getByText('203.0.113.45').click();
  await page.getByRole('menuitem', { name: 'Tìm sự kiện có giá trị này' }).click();
  await expect(page).toHaveURL(/\/search\?/);
  await expect(
    page.getByRole('table', { name: 'Sự kiện', exact: true }).getByRole('row'),
  ).toHaveCount(13);
  await expect(page.getByRole('status').filter({ hasText: 'sự kiện khớp' })).toContainText('12');

  // Close with the verdict that the server requires.
  await page.goto(url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Đóng cảnh báo' })).toBeDisabled();
  await page.keyboard.press('1');
  await dialog.getByRole('button', { name: 'Đóng cảnh báo' }).click();
  await expect(page.getByText('Đã đóng 1 cảnh báo.')).toBeVisible();
  await expect(page.getByText('Đã đóng: Đúng, là tấn công')).toBeVisible();
});

test('a bad query shows the place', async ({ page, server }) => {
  await signIn(page, server);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('combobox', { name: 'Câu tìm' }).fill('user.name:root and (');
  await page.keyboard.press('Enter');
  const fault = page.locator('#query-fault');
  await expect(fault).toBeVisible();
  await expect(fault.locator('pre')).toContainText('^');
});

test('a table by a pipe, and top values of a field', async ({ page, server }) => {
  await server.send(guessing('203.0.113.46', 'VP-WEB02'));
  await signIn(page, server);
  await page.goto(`${server.url}/search?q=${encodeURIComponent('* | stats count() by host.name')}`);
  await expect(page.getByRole('table', { name: 'Thống kê' })).toContainText('VP-WEB02');
  await page.goto(`${server.url}/search?q=${encodeURIComponent('source.ip:203.0.113.46')}`);
  const fields = page.getByRole('complementary', { name: 'Các trường' });
  await fields.getByRole('button', { name: 'host.name', exact: true }).click();
  await expect(fields.locator('.tops')).toContainText('VP-WEB02');
});

test('signing out ends it', async ({ page, server }) => {
  await signIn(page, server);
  await page.getByRole('button', { name: /^Tài khoản/ }).click();
  await page.getByRole('menuitem', { name: 'Đăng xuất' }).click();
  await expect(page).toHaveURL(/\/login/);
  const status = await page.evaluate(async () => (await fetch('/api/v1/session')).status);
  expect(status).toBe(401);
});
