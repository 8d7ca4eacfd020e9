// "Would this rule match?" Either the event is known and the rule is chosen here, or the rule is known
// and the event is pasted here.
import { type FormEvent, useState } from 'react';
import { techniqueOf } from '@/shared/attack.ts';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { fold } from '@/ui/format.ts';
import { kIcon, SearchIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { asLevel, Severity } from '@/ui/Severity.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { Explain } from './Explain.tsx';
import { type Asked, useRuleNames } from './queries.ts';

type Named = { id: string; title: string };

export function TryDialog({
  opened,
  rule,
  asked,
  onClose,
}: {
  opened: boolean;
  rule?: Named | undefined;
  asked?: Asked | undefined;
  onClose: () => void;
}) {
  const { t } = useText();
  return (
    <Dialog opened={opened} onClose={onClose} title={t('explain.tryTitle')} width={720}>
      {opened && (rule ? <WithRule rule={rule} /> : asked && <WithEvent asked={asked} />)}
    </Dialog>
  );
}

function WithRule({ rule }: { rule: Named }) {
  const { t } = useText();
  const [event, setEvent] = useState('');
  const [asked, setAsked] = useState<Asked | null>(null);
  const send = (submit: FormEvent) => {
    submit.preventDefault();
    const text = event.trim();
    if (text) setAsked({ event: text });
  };
  return (
    <form className="form" onSubmit={send}>
      <p className="strong">{rule.title}</p>
      <label>
        <span className="name">{t('explain.event')}</span>
        <textarea
          className="input mono"
          maxLength={262_144}
          spellCheck={false}
          value={event}
          onChange={(change) => setEvent(change.target.value)}
        />
      </label>
      <div>
        <Button type="submit" look="primary" disabled={event.trim() === ''}>
          {t('explain.go')}
        </Button>
      </div>
      {asked && <Explain rule={rule.id} asked={asked} />}
    </form>
  );
}

const kMostShown = 50;

function WithEvent({ asked }: { asked: Asked }) {
  const { t, language } = useText();
  const rules = useRuleNames(true);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Named | null>(null);
  if (chosen) {
    return (
      <div className="form">
        <p className="strong">{chosen.title}</p>
        <Explain rule={chosen.id} asked={asked} />
        <div>
          <Button onClick={() => setChosen(null)}>{t('explain.tryOther')}</Button>
        </div>
      </div>
    );
  }
  const words = fold(text).split(/\s+/).filter(Boolean);
  const found = (rules.data?.rules ?? [])
    .filter((rule) => rule.status === 'loaded')
    .filter((rule) => {
      if (words.length === 0) return true;
      const all = fold(
        [
          rule.title,
          rule.title_vi,
          rule.id,
          ...(rule.tags ?? []).map((tag) => techniqueOf(tag) ?? ''),
        ].join(' '),
      );
      return words.every((word) => all.includes(word));
    })
    .slice(0, kMostShown);
  return (
    <div className="form">
      <p className="dim">{t('explain.tryPick')}</p>
      <label className="field">
        <SearchIcon {...kIcon} />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog exists to choose a rule
          autoFocus
          aria-label={t('explain.tryRule')}
          placeholder={t('explain.tryFilter')}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {rules.isPending && <SkeletonRows columns="116px 1fr" rows={5} height={32} padding={0} />}
      {rules.isError && (
        <Failed
          what={t('explain.rulesFailed')}
          error={rules.error}
          retry={() => void rules.refetch()}
        />
      )}
      {rules.data && found.length === 0 && <Empty kind="filtered" title={t('explain.tryNone')} />}
      <ul className="trylist scroll">
        {found.map((rule) => {
          const title = (language === 'vi' && rule.title_vi) || rule.title || rule.id;
          return (
            <li key={rule.id}>
              <button
                type="button"
                className="menu-item"
                onClick={() => setChosen({ id: rule.id, title })}
              >
                <span style={{ flex: 'none', width: 116 }}>
                  <Severity level={asLevel(rule.level)} />
                </span>
                <span className="grow">{title}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
