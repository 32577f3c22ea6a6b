import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/errors.ts';
import { errorPage, referencePage } from './pages.tsx';
import { fieldsOf } from './schema.ts';

const document = {
  info: { title: 'T', version: '1' },
  paths: {
    '/v1/things': {
      post: {
        operationId: 'make',
        summary: 'Make <b>one</b>',
        description: 'Send `name`.',
        tags: ['Things'],
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/New' } } },
        },
        responses: { '201': {}, '409': { description: 'state_conflict, nonsense' } },
      },
    },
  },
  components: {
    schemas: {
      New: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string', maxLength: 20 },
          parts: {
            type: 'array',
            items: { type: 'object', properties: { size: { type: 'integer' } } },
          },
        },
      },
    },
  },
};

describe('the reference page', () => {
  test('shows each call with its fields, nested ones by their path', () => {
    const schema = document.components.schemas.New;
    expect(fieldsOf(document, schema)).toEqual([
      { name: 'name', type: 'string', required: true, note: 'at most 20 characters' },
      { name: 'parts', type: 'object[]', required: false, note: '' },
      { name: 'parts[].size', type: 'integer', required: false, note: '' },
    ]);
    const page = referencePage(document);
    expect(page).toContain('/v1/things');
    expect(page).toContain('<code>name</code>');
  });

  test('escapes what it shows and has nothing inline', () => {
    const page = referencePage(document);
    expect(page).toContain('Make &lt;b&gt;one&lt;/b&gt;');
    expect(page).not.toMatch(/<script>|style=|onclick/);
  });

  test('links refusals that exist, and has a page for every error', () => {
    const page = referencePage(document);
    expect(page).toContain('href="/docs/errors/state_conflict"');
    expect(page).not.toContain('errors/nonsense');
    for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
      expect(errorPage(code)).toContain(code);
    }
  });
});
