import { Component, type ReactNode } from 'react';
import { t } from '@/text/index.ts';
import { Failed } from '@/ui/states.tsx';

/** One broken panel does not take the page with it. `key` it by what it shows. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Failed
        what={t('state.broken')}
        error={{ status: 1, code: 'broken', message: String(this.state.error) }}
        unaffected={t('state.brokenRest')}
        retry={() => this.setState({ error: null })}
      />
    );
  }
}
