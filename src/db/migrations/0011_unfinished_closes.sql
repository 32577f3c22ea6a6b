-- Closes that were asked for and are not over: what a process that died has left is found by these.
create index payments_closing on payments (book, id)
  where state in ('requires_wallet', 'pending') and closing;
