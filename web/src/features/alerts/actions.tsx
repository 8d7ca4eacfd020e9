// Acknowledge, assign, close, reopen: the same from the queue, the peek, the page and the desk's keys.
import { type ReactNode, useState } from 'react';
import { useText } from '@/text/index.ts';
import { AlertConflict } from './AlertConflict.tsx';
import { AssignDialog } from './AssignDialog.tsx';
import { CloseDialog } from './CloseDialog.tsx';
import type { Change } from './model.ts';
import { type Conflict, type Target, useChange } from './queries.ts';

export function sizeOf(target: Target): number {
  if (target.kind === 'one') return 1;
  const inGroups = target.groups.reduce((sum, group) => sum + group.count, 0);
  return inGroups + target.alerts.length;
}

type Open =
  | { kind: 'close'; target: Target }
  | { kind: 'assign'; target: Target }
  | { kind: 'conflict'; conflict: Conflict }
  | null;

export type Actions = {
  acknowledge: (target: Target) => void;
  assignMe: (target: Target) => void;
  assign: (target: Target) => void;
  close: (target: Target) => void;
  reopen: (target: Target) => void;
  busy: boolean;
  dialogs: ReactNode;
};

/** `onDone` runs when a change was written: the queue then moves on to the next row. */
export function useActions({
  onDone,
  onUndone,
}: {
  onDone?: (change: Change) => void;
  onUndone?: () => void;
}): Actions {
  const { t } = useText();
  const [open, setOpen] = useState<Open>(null);
  const change = useChange({
    onConflict: (conflict) => setOpen({ kind: 'conflict', conflict }),
    ...(onUndone ? { onUndone } : {}),
  });
  const run = (target: Target, what: Change) => {
    if (change.isPending) return;
    change.mutate({ target, change: what }, { onSuccess: () => onDone?.(what) });
  };
  const dismiss = () => setOpen(null);
  const dialogs = (
    <>
      <CloseDialog
        opened={open?.kind === 'close'}
        count={open?.kind === 'close' ? sizeOf(open.target) : 0}
        drill={open?.kind === 'close' && open.target.kind === 'one' && open.target.alert.drill}
        onCancel={dismiss}
        onClose={(verdict, comment) => {
          if (open?.kind !== 'close') return;
          dismiss();
          run(open.target, { action: 'close', verdict, ...(comment ? { comment } : {}) });
        }}
      />
      <AssignDialog
        opened={open?.kind === 'assign'}
        count={open?.kind === 'assign' ? sizeOf(open.target) : 0}
        onCancel={dismiss}
        onAssign={(assignee) => {
          if (open?.kind !== 'assign') return;
          dismiss();
          run(open.target, { action: 'assign', assignee });
        }}
      />
      {open?.kind === 'conflict' && (
        <AlertConflict
          conflict={open.conflict}
          action={t(
            (
              {
                acknowledge: 'act.acknowledge',
                assign: 'act.assign',
                close: 'act.close',
                reopen: 'act.reopen',
              } as const
            )[open.conflict.mine.action],
          )}
          onKeep={dismiss}
          onApply={() => {
            dismiss();
            run({ kind: 'one', alert: open.conflict.current }, open.conflict.mine);
          }}
        />
      )}
    </>
  );
  return {
    acknowledge: (target) => run(target, { action: 'acknowledge' }),
    assignMe: (target) => run(target, { action: 'assign', assignee: 'me' }),
    assign: (target) => setOpen({ kind: 'assign', target }),
    close: (target) => setOpen({ kind: 'close', target }),
    reopen: (target) => run(target, { action: 'reopen' }),
    busy: change.isPending,
    dialogs,
  };
}
