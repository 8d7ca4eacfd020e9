// Words and small rules about alerts that more than one view needs.
import type { Schemas } from '@/api/client.ts';
import type { Language, TextKey } from '@/text/index.ts';

export type Alert = Schemas['Alert'];
export type Detail = Schemas['AlertDetail'];
export type Group = Schemas['AlertGroup'];
export type Status = Schemas['Status'];
export type Verdict = Schemas['Verdict'];
export type Change = Schemas['AlertChange'];

export const kVerdicts: Verdict[] = [
  'true_positive',
  'benign',
  'false_positive',
  'duplicate',
  'drill',
];

export const kVerdictKeys: Record<Verdict, TextKey> = {
  true_positive: 'verdict.true',
  false_positive: 'verdict.false',
  benign: 'verdict.benign',
  duplicate: 'verdict.duplicate',
  drill: 'verdict.drill',
};

export const kVerdictHelpKeys: Record<Verdict, TextKey> = {
  true_positive: 'verdict.trueHelp',
  false_positive: 'verdict.falseHelp',
  benign: 'verdict.benignHelp',
  duplicate: 'verdict.duplicateHelp',
  drill: 'verdict.drillHelp',
};

export const kStatusKeys: Record<Status, TextKey> = {
  new: 'status.new',
  acknowledged: 'status.acknowledged',
  closed: 'status.closed',
};

export function ruleTitle(
  of: { rule_title: string; rule_title_vi?: string | undefined },
  language: Language,
): string {
  return language === 'vi' && of.rule_title_vi ? of.rule_title_vi : of.rule_title;
}

/** CB-48213, as people say it on the phone. */
export function alertNumber(alert: Alert): string {
  return alert.number === undefined ? alert.id.slice(0, 8) : `CB-${alert.number}`;
}
