import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Multipart } from 'wechatpay-axios-plugin';
import { buildUpload, parseUpload } from './multipart.ts';

describe('uploads', () => {
  test('come back byte by byte, whatever the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, note) => {
        const upload = {
          meta: JSON.stringify({ filename: 'a.png', note }),
          file: { name: 'a.png', content_type: 'image/png', bytes: Buffer.from(bytes) },
        };
        const { content_type, body } = buildUpload(upload);
        expect(parseUpload(content_type, body)).toEqual(upload);
      }),
      { numRuns: 50 },
    );
  });

  test('are read as the SDK writes them', () => {
    const bytes = Buffer.from('\r\n--x\r\n\0');
    const form = new Multipart();
    form.append('meta', '{"filename":"a.jpg"}').append('file', bytes, 'a.jpg');
    const { 'Content-Type': type } = form.getHeaders() as Record<string, string>;
    const upload = parseUpload(type ?? '', form.getBuffer());
    expect(upload?.meta).toBe('{"filename":"a.jpg"}');
    expect(upload?.file).toMatchObject({ name: 'a.jpg', bytes });
  });

  const type = 'multipart/form-data; boundary=b';
  const part = (name: string, more = '') =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\nx\r\n`;
  const file = part('file', '; filename="a"');
  test.each([
    ['', ''],
    [type, ''],
    [type, part('meta')],
    [type, `${part('meta')}${file}`],
    [type, `${part('meta')}--b--`],
    [type, `${part('meta')}${part('file')}--b--`],
    [type, `${part('meta')}${part('meta')}${file}--b--`],
    [type, `${part('meta')}--b\r\n\r\nx\r\n--b--`],
    [type, `x${part('meta')}${file}--b--`],
    ['multipart/form-data; boundary=c', `${part('meta')}${file}--b--`],
    ['application/json', `${part('meta')}${file}--b--`],
  ])('%# that are not one meta and one file are none', (content_type, body) => {
    expect(parseUpload(content_type, Buffer.from(body))).toBeUndefined();
  });

  test('keep a boundary in quotes and its neighbours apart', () => {
    const body = Buffer.from(`${part('meta')}${file}--b--`);
    expect(parseUpload('multipart/form-data; charset=x; boundary="b"', body)?.meta).toBe('x');
  });
});
