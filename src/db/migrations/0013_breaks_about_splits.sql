-- What a wallet tells of a split that does not fit ours is a break like any other.
alter table breaks drop constraint breaks_about_check;
alter table breaks add constraint breaks_about_check
  check (about in ('payment', 'refund', 'payout', 'split', 'funds'));
