// Small parts without behaviour of their own.
import {
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  useEffect,
  useRef,
} from 'react';
import { tooltipTime } from '@/ui/format.ts';

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="kbd" aria-hidden="true">
      {children}
    </kbd>
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: 'primary' | 'secondary' | 'quiet' | 'danger';
  size?: 'normal' | 'small' | 'mid';
  shortcut?: string | undefined;
};

export function Button({
  look = 'secondary',
  size = 'normal',
  shortcut,
  className = '',
  children,
  ...rest
}: ButtonProps) {
  const classes = [
    'btn',
    look === 'secondary' ? '' : look,
    size === 'normal' ? '' : size,
    className,
  ];
  return (
    <button
      type="button"
      aria-keyshortcuts={shortcut}
      {...rest}
      className={classes.filter(Boolean).join(' ')}
    >
      {children}
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </button>
  );
}

/** An icon that stands alone, for tools everybody knows; its name is read out and shown on hover. */
export function IconButton({
  label,
  children,
  className = '',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`iconbtn ${className}`}
    >
      {children}
    </button>
  );
}

export function Check({
  label,
  indeterminate = false,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> & {
  label: string;
  indeterminate?: boolean;
}) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = indeterminate;
  }, [indeterminate]);
  return (
    <label className="checkhit">
      <input ref={box} type="checkbox" className="check" aria-label={label} {...rest} />
    </label>
  );
}

export function Stamp({
  at,
  children,
  className,
}: {
  at: string | null | undefined;
  children: ReactNode;
  className?: string;
}) {
  return (
    <time dateTime={at ?? undefined} title={tooltipTime(at)} className={className}>
      {children}
    </time>
  );
}
