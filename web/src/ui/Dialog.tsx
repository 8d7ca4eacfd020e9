import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useText } from '@/text/index.ts';
import { CloseIcon, kIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { IconButton } from '@/ui/parts.tsx';

/** A modal dialog: focus stays inside, Escape closes, the keys of the page below sleep. */
export function Dialog({
  opened,
  onClose,
  title,
  width = 480,
  bare = false,
  children,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  width?: number;
  /** Without head and padding; the title is then only read out. */
  bare?: boolean;
  children: ReactNode;
}) {
  const { t } = useText();
  useKeys([], { modal: true, on: opened });
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size={width}
      yOffset="12vh"
      zIndex={350}
      padding={0}
      classNames={{ content: 'dialog' }}
      transitionProps={{ duration: 120, transition: 'fade' }}
    >
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content radius={8} aria-label={title}>
        {!bare && (
          <div className="dialog-head">
            <h2 className="dialog-title">{title}</h2>
            <IconButton label={t('action.close')} onClick={onClose}>
              <CloseIcon {...kIcon} />
            </IconButton>
          </div>
        )}
        <Modal.Body className={bare ? '' : 'dialog-body'}>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
