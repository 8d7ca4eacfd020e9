import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { Button } from '@/ui/parts.tsx';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import { type Rule, useRule, useSwitchRule } from './queries.ts';

/** Why a rule was refused, what it says, its text, and the switch, which asks for a reason. */
export function RuleDetail({ rule }: { rule: Rule }) {
  const { t, language } = useText();
  const may = useMay();
  const full = useRule(rule.id);
  const change = useSwitchRule();
  const [reason, setReason] = useState('');
  const send = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { id: rule.id, enabled: !rule.enabled, reason: reason.trim().normalize('NFC') },
      { onSuccess: () => setReason('') },
    );
  };
  const words = (language === 'vi' && rule.description_vi) || rule.description;
  return (
    <div style={{ flex: '1 1 100%', display: 'grid', gap: 8, minWidth: 0 }}>
      {rule.status === 'refused' && (
        <p className="c-high">
          {rule.line
            ? t('rules.refusedAt', {
                path: rule.path ?? '',
                line: rule.line,
                reason: rule.reason ?? '',
              })
            : t('rules.refusedBecause', { path: rule.path ?? '', reason: rule.reason ?? '' })}
        </p>
      )}
      {!rule.enabled && (
        <p className="c-medium">
          {t('rules.offBecause', {
            who: rule.disabled_by ?? '–',
            reason: rule.disabled_reason ?? '–',
          })}
        </p>
      )}
      {words && <p>{words}</p>}
      {(rule.false_positives?.length ?? 0) > 0 && (
        <p className="dim">
          {t('alert.falsePositives')}: {rule.false_positives?.join('; ')}
        </p>
      )}
      <p className="meta">
        {[rule.path, rule.id].filter(Boolean).join(' · ')}
        {(rule.alerts ?? 0) > 0 && (
          <>
            {' · '}
            <Link to="/alerts" search={{ rule: rule.id }}>
              {t('rules.openAlerts', { n: number(rule.alerts) })}
            </Link>
          </>
        )}
      </p>
      {may('rules_edit') && rule.status === 'loaded' && (
        <form style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }} onSubmit={send}>
          <input
            className="input"
            style={{ flex: '1 1 240px', maxWidth: 480 }}
            required={rule.enabled}
            maxLength={2000}
            aria-label={t('rules.reason')}
            placeholder={t('rules.reason')}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button
            type="submit"
            disabled={change.isPending || (rule.enabled && reason.trim() === '')}
          >
            {rule.enabled ? t('rules.turnOff') : t('rules.turnOn')}
          </Button>
        </form>
      )}
      {full.isPending && <SkeletonRows columns="1fr" rows={3} height={20} padding={0} />}
      {full.isError && (
        <Failed what={t('rules.textFailed')} error={full.error} retry={() => void full.refetch()} />
      )}
      {full.data?.text && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
        <pre className="rawline mono scroll" style={{ maxHeight: 320 }} tabIndex={0}>
          {full.data.text}
        </pre>
      )}
    </div>
  );
}
