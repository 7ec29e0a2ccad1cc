-- An activation takes the place of those that would come with it or after it, and they are off for good. Until now they
-- came back when what had taken their place was withdrawn.
update stet.policy_activation a
set withdrawn_position = least(a.withdrawn_position, (
    select min(b.position) from stet.policy_activation b
    where b.tenant_id = a.tenant_id and b.position > a.position and b.not_before <= a.not_before));

-- What is left of the text stays as it is: a rebuild compares texts.
update stet.policy_life l
set state = replace(l.state::text, l.state ->> 'activations', '[' || (
    select coalesce(string_agg(e.activation::text, ',' order by e.place), '')
    from json_array_elements(l.state -> 'activations') with ordinality as e(activation, place)
    where exists (
        select from stet.policy_activation a
        where a.tenant_id = l.tenant_id and a.candidate = e.activation ->> 'candidate' and a.withdrawn_position is null
            and a.not_before = (e.activation ->> 'not_before')::timestamptz)) || ']')::json;
