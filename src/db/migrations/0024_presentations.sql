-- Apps and mini programs pay too.
alter table attempts drop constraint attempts_presentation_check;
alter table attempts add constraint attempts_presentation_check
  check (presentation in ('qr', 'page', 'h5', 'in_app', 'app', 'mini_program')) not valid;
alter table attempts validate constraint attempts_presentation_check;
