import { afterEach, expect, test } from 'vitest';
import { setLanguage } from '@/text/index.ts';
import {
  age,
  ago,
  bytes,
  collator,
  countdown,
  dateTime,
  duration,
  fold,
  iso,
  number,
  percent,
  timeMillis,
  timeOrDay,
  weekdayDate,
} from './format.ts';

const at = '2026-11-22T14:59:13.118Z';
const ms = new Date(at).getTime();

afterEach(() => setLanguage('vi'));

test('a date is day, month, four-digit year, then the time, in Vietnam', () => {
  expect(dateTime(at)).toBe('22/11/2026 21:59:13');
  expect(dateTime('2026-11-22T17:00:00Z')).toBe('23/11/2026 00:00:00');
  expect(dateTime('2026-12-31T23:59:59Z')).toBe('01/01/2027 06:59:59');
  expect(timeMillis(at)).toBe('21:59:13.118');
  expect(weekdayDate(at)).toBe('Chủ Nhật 22/11/2026');
});

test('a missing or broken date is a dash, never "Invalid Date"', () => {
  for (const broken of [null, undefined, '', 'yesterday']) expect(dateTime(broken)).toBe('–');
  expect(ago(null, ms)).toBe('–');
  expect(iso('nonsense')).toBe('');
});

test('the full form carries the zone', () => {
  expect(iso(at)).toBe('2026-11-22T21:59:13.118+07:00');
});

test('the day is written only when it is not today', () => {
  expect(timeOrDay(at, ms + 60_000)).toBe('21:59');
  expect(timeOrDay(at, ms + 86_400_000)).toBe('22/11 21:59');
});

test('durations have the two biggest parts at most', () => {
  expect(duration(0)).toBe('0 giây');
  expect(duration(59_999)).toBe('59 giây');
  expect(duration(33 * 60_000)).toBe('33 phút');
  expect(duration(70 * 60_000)).toBe('1 giờ 10');
  expect(duration(185 * 60_000)).toBe('3 giờ 05');
  expect(duration(120 * 60_000)).toBe('2 giờ');
  expect(duration(3 * 86_400_000)).toBe('3 ngày');
});

test('ages', () => {
  expect(age(at, ms + 30_000)).toBe('vừa xong');
  expect(ago(at, ms + 5 * 60_000)).toBe('5 phút trước');
  setLanguage('en');
  expect(ago(at, ms + 5 * 60_000)).toBe('5 min ago');
});

test('a countdown never shows less than nothing and rounds up', () => {
  expect(countdown(13 * 60_000)).toBe('00:13');
  expect(countdown(12 * 60_000 + 1)).toBe('00:13');
  expect(countdown(-5)).toBe('00:00');
  expect(countdown(3 * 86_400_000)).toBe('3 ngày');
});

test('numbers are grouped by dots in Vietnamese and commas in English', () => {
  expect(number(1234567.5, 1)).toBe('1.234.567,5');
  expect(number(4812)).toBe('4.812');
  expect(number(undefined)).toBe('–');
  expect(percent(0.0004)).toBe('0,04 %');
  expect(bytes(9.1 * 1024 ** 3)).toBe('9,1 GiB');
  expect(bytes(512)).toBe('512 B');
  setLanguage('en');
  expect(number(1234567.5, 1)).toBe('1,234,567.5');
});

test('search ignores marks and đ; sorting follows the Vietnamese alphabet', () => {
  expect(fold('Đăng nhập thất bại')).toBe('dang nhap that bai');
  expect(['Ê', 'Đà', 'Ân', 'Da', 'An', 'Ăn'].sort(collator.compare)).toEqual([
    'An',
    'Ăn',
    'Ân',
    'Da',
    'Đà',
    'Ê',
  ]);
});
