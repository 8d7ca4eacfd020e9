// Every screen in both themes, at desk and phone width, without an axe violation; nothing scrolls
// sideways, nothing is fetched from another host, nothing breaks the content security policy.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, guessing, kLead, kPassword, test } from './server.ts';

const kTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const kPages = [
  '/',
  '/alerts',
  '/search?q=*',
  '/search?q=*%20%7C%20stats%20count()%20by%20user.name&view=bars',
  '/search?q=user.name%3A',
  '/sources',
  '/rules',
  '/rules?tab=exceptions',
  '/rules?tab=coverage',
  '/rules?tab=packs',
  '/rules?tab=indicators',
];

async function check(page: Page, where: string) {
  const { violations } = await new AxeBuilder({ page }).withTags(kTags).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  expect(found, where).toEqual([]);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth,
  );
  expect(sideways, `${where} scrolls sideways`).toBeLessThanOrEqual(0);
}

/** What opens over and beside the search: plan, hunt, draft of a rule, export. */
async function panels(page: Page, url: string) {
  await page.goto(`${url}/search?q=source.ip%3A203.0.113.47&explain=true`);
  const explained = page.getByRole('region', { name: 'Cách câu này được tìm' });
  await expect(explained.getByRole('table')).toBeVisible();
  await check(page, 'explain');
  await page.getByRole('button', { name: 'Xuất' }).click();
  await expect(page.getByRole('menuitem', { name: /^NDJSON, mọi sự kiện/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('[role=menuitem]:focus')).toHaveCount(1);
  // The menu alone: like every pop-up it lies outside the page's landmarks.
  const menu = await new AxeBuilder({ page }).include('[role=menu]').withTags(kTags).analyze();
  expect(menu.violations.map((v) => `${v.id}: ${v.help}`)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Thành luật' }).click();
  await expect(page.getByText('Máy chủ đọc được luật này và sẽ cho chạy.')).toBeVisible();
  await check(page, 'draft');
  await page.goto(`${url}/search?q=*&hunt=new`);
  const hunt = page.getByRole('dialog', { name: 'Săn tìm theo danh sách chỉ dấu' });
  await expect(hunt.getByText('Các cuộc săn trước')).toBeVisible();
  await check(page, 'hunt');
  await hunt.getByRole('textbox', { name: /^Chỉ dấu/ }).fill('203.0.113.47\nnothing.example.org');
  await hunt.getByRole('button', { name: 'Bắt đầu săn' }).click();
  await expect(hunt.getByRole('rowheader', { name: /203\.0\.113\.47/ })).toBeVisible();
  await check(page, 'hunt found');
}

for (const theme of ['dark', 'light'] as const) {
  for (const width of [1440, 360]) {
    test(`axe, ${theme}, ${width} px`, async ({ page, server }) => {
      test.setTimeout(600_000);
      await server.send(guessing('203.0.113.47', 'VP-WEB03'));
      const outside: string[] = [];
      const broken: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) {
          outside.push(request.url());
        }
      });
      page.on('console', (message) => {
        if (/Content Security Policy/.test(message.text())) broken.push(message.text());
      });
      page.on('pageerror', (error) => broken.push(String(error)));
      await page.addInitScript((t) => localStorage.setItem('gac.theme', t), theme);
      await page.setViewportSize({ width, height: width === 360 ? 760 : 900 });
      await page.goto(`${server.url}/login`);
      await expect(page.getByLabel('Tên đăng nhập')).toBeVisible();
      await check(page, 'login');
      await page.getByLabel('Tên đăng nhập').fill(kLead);
      await page.getByLabel('Mật khẩu').fill(kPassword);
      await page.getByRole('button', { name: 'Đăng nhập' }).click();
      await expect(page.getByRole('navigation', { name: 'Điều hướng chính' })).toBeVisible();
      for (const path of kPages) {
        await page.goto(server.url + path);
        await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
        await expect(page.getByRole('status', { name: 'Đang tải' })).toHaveCount(0);
        await check(page, path);
      }
      await panels(page, server.url);
      await page.goto(`${server.url}/rules?q=ssh`);
      await page.getByRole('grid').getByRole('row').nth(1).click();
      const rule = page.getByRole('complementary', { name: 'Chi tiết luật' });
      await expect(rule.getByRole('region', { name: 'Nội dung' })).toBeVisible();
      await check(page, 'rule');
      await rule.getByRole('button', { name: 'Ngoại lệ mới' }).click();
      await expect(page.getByLabel('Lý do (bắt buộc)')).toBeVisible();
      await check(page, 'exception');
      await page.goto(`${server.url}/alerts`);
      await page.getByRole('treegrid').getByRole('row', { level: 1 }).first().click();
      await expect(page.getByRole('region', { name: 'Vì sao báo' })).toBeVisible();
      await check(page, 'peek');
      await page.getByRole('link', { name: 'Mở trang đầy đủ' }).click();
      await expect(page.getByRole('region', { name: 'Diễn biến' })).toBeVisible();
      await check(page, 'alert page');
      expect(outside).toEqual([]);
      expect(broken).toEqual([]);
    });
  }
}
