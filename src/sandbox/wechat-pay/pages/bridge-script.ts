/**
 * The script behind /bridge.js. It styles through the object model only, so that it runs
 * under a merchant's Content-Security-Policy that names this origin in script-src and connect-src.
 */
export function bridgeScript(origin: string): string {
  return `(function () {
  'use strict';
  if (window.WeixinJSBridge) return;
  var origin = ${JSON.stringify(origin)};
  var zh = !/^en/i.test(navigator.language || '');
  var words = zh
    ? { pay: '确认支付', cancel: '取消', title: '微信支付（沙箱）' }
    : { pay: 'Pay now', cancel: 'Cancel', title: 'WeChat Pay (sandbox)' };

  function call(path, content) {
    return fetch(origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(content),
    }).then(function (answer) { return answer.json(); });
  }

  function element(name, text, style) {
    var made = document.createElement(name);
    made.textContent = text;
    Object.keys(style || {}).forEach(function (key) { made.style[key] = style[key]; });
    return made;
  }

  function button(text, main) {
    return element('button', text, {
      display: 'block', width: '100%', minHeight: '44px', marginTop: '12px', borderRadius: '8px',
      border: '1px solid #067a3d', font: 'inherit', cursor: 'pointer',
      background: main ? '#067a3d' : 'transparent', color: main ? '#ffffff' : 'inherit',
    });
  }

  function showSheet(order, decide) {
    var sheet = element('dialog', '', {
      width: 'min(22rem, 92vw)', border: '0', borderRadius: '12px', padding: '20px',
      font: '16px/1.5 system-ui, sans-serif', boxShadow: '0 8px 40px rgba(0,0,0,.35)',
    });
    sheet.setAttribute('aria-label', words.title);
    var amount = (order.amount / 100).toFixed(2);
    sheet.append(
      element('p', words.title, { margin: '0 0 8px', fontWeight: '600' }),
      element('p', order.payee, { margin: '0' }),
      element('p', order.description, { margin: '0' }),
      element('p', '¥' + amount, { margin: '8px 0 0', fontSize: '2rem', fontWeight: '600' })
    );
    var pay = button(words.pay, true);
    var cancel = button(words.cancel, false);
    var done = function (outcome) {
      sheet.remove();
      decide(outcome);
    };
    pay.addEventListener('click', function () { done('pay'); });
    cancel.addEventListener('click', function () { done('cancel'); });
    sheet.addEventListener('cancel', function () { done('cancel'); });
    sheet.append(pay, cancel);
    document.body.append(sheet);
    sheet.showModal();
    pay.focus();
  }

  function requestPayment(parameters, callback) {
    var answer = function (result, why) {
      var message = { err_msg: 'get_brand_wcpay_request:' + result };
      if (why) message.err_desc = why;
      callback(message);
    };
    call('/bridge/open', parameters).then(function (order) {
      if (order.error) return answer('fail', order.error);
      showSheet(order, function (outcome) {
        call('/bridge/confirm', { scan: order.scan, outcome: outcome }).then(
          function (result) {
            if (result.error) answer('fail', result.error);
            else answer(result.state === 'paid' ? 'ok' : 'cancel');
          },
          function () { answer('fail', 'network'); }
        );
      });
    }, function () { answer('fail', 'network'); });
  }

  window.WeixinJSBridge = {
    invoke: function (name, parameters, callback) {
      if (name === 'getBrandWCPayRequest') requestPayment(parameters, callback);
      else if (callback) callback({ err_msg: name + ':fail_no_such_call' });
    },
    on: function () {},
    call: function () {},
  };
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));
})();
`;
}
