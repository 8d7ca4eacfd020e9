import { type FormEvent, useEffect, useState } from 'react';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { collator, number } from '@/ui/format.ts';
import { Button } from '@/ui/parts.tsx';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import { useUsers } from './queries.ts';

export function AssignDialog({
  opened,
  count,
  onCancel,
  onAssign,
}: {
  opened: boolean;
  count: number;
  onCancel: () => void;
  onAssign: (assignee: string | null) => void;
}) {
  const { t } = useText();
  const users = useUsers(opened);
  const [who, setWho] = useState('me');
  useEffect(() => {
    if (opened) setWho('me');
  }, [opened]);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onAssign(who === '' ? null : who);
  };
  const people = [...(users.data?.users ?? [])]
    .filter((user) => user.active !== false)
    .sort((a, b) => collator.compare(a.name, b.name));
  return (
    <Dialog opened={opened} onClose={onCancel} title={t('assign.title', { n: number(count) })}>
      <form className="form" onSubmit={send}>
        {users.isPending && <SkeletonRows columns="1fr" rows={1} padding={0} />}
        {users.isError && (
          <Failed
            what={t('assign.failed')}
            error={users.error}
            retry={() => void users.refetch()}
          />
        )}
        <label>
          <span className="name">{t('assign.who')}</span>
          <select
            className="input"
            data-autofocus
            value={who}
            onChange={(event) => setWho(event.target.value)}
          >
            <option value="me">{t('assign.me')}</option>
            {people.map((user) => (
              <option key={user.id} value={user.id}>
                {user.name}
              </option>
            ))}
            <option value="">{t('assign.nobody')}</option>
          </select>
        </label>
        <div className="dialog-foot">
          <Button onClick={onCancel}>{t('action.cancel')}</Button>
          <Button type="submit" look="primary">
            {t('assign.go')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
