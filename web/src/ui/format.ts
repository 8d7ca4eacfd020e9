// Dates, durations, numbers and sizes as Vietnamese readers write them. Built from formatToParts,
// because the short vi-VN style of Intl puts the time first and cuts the year to two digits.
import i18next from 'i18next';
import { t } from '@/text/index.ts';

export const kZone = 'Asia/Ho_Chi_Minh';

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: kZone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  weekday: 'short',
});

type Stamp = Date | string | number;

const kWeekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export function toDate(value: Stamp): Date {
  return value instanceof Date ? value : new Date(value);
}

function split(value: Stamp) {
  const found: Record<string, string> = {};
  for (const part of parts.formatToParts(toDate(value))) found[part.type] = part.value;
  return {
    date: `${found.day}/${found.month}/${found.year}`,
    dayMonth: `${found.day}/${found.month}`,
    time: `${found.hour}:${found.minute}:${found.second}`,
    minute: `${found.hour}:${found.minute}`,
    hour: `${found.hour}`,
    weekday: kWeekdays.indexOf(found.weekday ?? ''),
  };
}

function valid(value: Stamp | null | undefined): value is Stamp {
  return (
    value !== null && value !== undefined && value !== '' && !Number.isNaN(toDate(value).getTime())
  );
}

/** 22/11/2026 21:59:13 */
export function dateTime(value: Stamp | null | undefined): string {
  if (!valid(value)) return '–';
  const s = split(value);
  return `${s.date} ${s.time}`;
}

export const date = (value: Stamp | null | undefined) => (valid(value) ? split(value).date : '–');
export const time = (value: Stamp | null | undefined) => (valid(value) ? split(value).time : '–');
export const minute = (value: Stamp | null | undefined) =>
  valid(value) ? split(value).minute : '–';
export const dayMonth = (value: Stamp | null | undefined) =>
  valid(value) ? split(value).dayMonth : '–';
export const hour = (value: Stamp) => split(value).hour;

/** 21:59:13.118, for rows of events. */
export function timeMillis(value: Stamp | null | undefined): string {
  if (!valid(value)) return '–';
  const ms = String(toDate(value).getUTCMilliseconds()).padStart(3, '0');
  return `${split(value).time}.${ms}`;
}

export function sameDay(a: Stamp, b: Stamp): boolean {
  return split(a).date === split(b).date;
}

/** Time alone when it is today, day and month before it when it is not. */
export function timeOrDay(value: Stamp | null | undefined, now: number): string {
  if (!valid(value)) return '–';
  const s = split(value);
  return sameDay(value, now) ? s.minute : `${s.dayMonth} ${s.minute}`;
}

const kWeekdayKeys = [
  'day.sun',
  'day.mon',
  'day.tue',
  'day.wed',
  'day.thu',
  'day.fri',
  'day.sat',
] as const;

/** Thứ Hai 23/11/2026 */
export function weekdayDate(value: Stamp): string {
  const s = split(value);
  return `${t(kWeekdayKeys[s.weekday] ?? 'day.sun')} ${s.date}`;
}

/** For tooltips and exports: ISO 8601 with the explicit zone. */
export function iso(value: Stamp | null | undefined): string {
  if (!valid(value)) return '';
  const at = toDate(value);
  const s = split(at);
  const [day, month, year] = s.date.split('/');
  const ms = String(at.getUTCMilliseconds()).padStart(3, '0');
  return `${year}-${month}-${day}T${s.time}.${ms}${offset(at)}`;
}

function offset(at: Date): string {
  const local = new Date(at.toLocaleString('en-US', { timeZone: kZone }));
  const utc = new Date(at.toLocaleString('en-US', { timeZone: 'UTC' }));
  const minutes = Math.round((local.getTime() - utc.getTime()) / 60000);
  const sign = minutes < 0 ? '-' : '+';
  const pad = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0');
  return `${sign}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

/** Full time for a title attribute: 22/11/2026 21:59:13 (2026-11-22T21:59:13.000+07:00). */
export function tooltipTime(value: Stamp | null | undefined): string {
  return valid(value) ? `${dateTime(value)} (${iso(value)})` : '';
}

/** "33 phút", "1 giờ 10", "3 ngày": the two biggest parts at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t('time.seconds', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('time.minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    const rest = minutes % 60;
    return rest === 0
      ? t('time.hours', { n: hours })
      : t('time.hoursMinutes', { n: hours, m: String(rest).padStart(2, '0') });
  }
  return t('time.days', { n: Math.floor(hours / 24) });
}

/** Age in a column: "vừa xong", "4 phút". */
export function age(value: Stamp | null | undefined, now: number): string {
  if (!valid(value)) return '–';
  const ms = now - toDate(value).getTime();
  return ms < 60_000 ? t('time.justNow') : duration(ms);
}

/** Age in a sentence: "vừa xong", "4 phút trước". */
export function ago(value: Stamp | null | undefined, now: number): string {
  if (!valid(value)) return '–';
  const ms = now - toDate(value).getTime();
  return ms < 60_000 ? t('time.justNow') : t('time.ago', { span: duration(ms) });
}

/** Time left as HH:MM, as the queue's deadline column shows it. */
export function countdown(ms: number): string {
  const minutes = Math.max(0, Math.ceil(ms / 60_000));
  if (minutes >= 48 * 60) return t('time.days', { n: Math.floor(minutes / 1440) });
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

const locale = () => (i18next.language === 'en' ? 'en-GB' : 'vi-VN');
const numberFormats = new Map<string, Intl.NumberFormat>();

/** 1.234.567,5 in Vietnamese, 1,234,567.5 in English. Not for ports, addresses or hashes. */
export function number(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const key = `${locale()}${digits}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale(), {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: 'always',
    });
    numberFormats.set(key, format);
  }
  return format.format(value);
}

export function percent(share: number | null | undefined, digits = 2): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  return `${number(share * 100, digits)} %`;
}

/** 9,1 GiB */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${number(size, unit === 0 || size >= 100 ? 0 : 1)} ${units[unit]}`;
}

export const collator = new Intl.Collator('vi', { numeric: true });

/** Folds for search: NFC, lower case, no marks, đ as d. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/đ/g, 'd');
}
