using Stet.Cedar;
using Stet.Policy.AuthZen;
using Stet.Policy.Lifecycle;

namespace Stet.Policy.Decisions;

/// <summary>A question in the engine's words, at any time.</summary>
/// <param name="Subject">Who wants something.</param>
/// <param name="Action">What it wants to do.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances, but for the time.</param>
/// <param name="Known">What is known of entities.</param>
readonly record struct EngineQuestion(EntityUid Subject, AuthZenAction Action, EntityUid Resource, RecordValue Context, RequestEntities Known)
{
    /// <summary>Where policies see Stet's clock.</summary>
    public const string Now = "now";

    /// <summary>Where they see its day of the week (ISO 8601): 1 is Monday, 7 Sunday, in UTC.</summary>
    public const string Weekday = "weekday";

    /// <summary>All that a policy sees of the time.</summary>
    public static readonly string[] Clock = [Now, Weekday];

    /// <summary>The question at a time. Whatever a recorded context says of the time counts for nothing.</summary>
    public Request At(DateTimeOffset now)
    {
        if (!Action.TakesNow && !Action.TakesWeekday) return new Request(Subject, Action.Uid, Resource, Context);

        var entries = new KeyValuePair<string, Value>[Context.Count + 2];
        var count = 0;
        for (var i = 0; i < Context.Count; i++)
            if (!IsClock(Context.Keys[i])) entries[count++] = new(Context.Keys[i], Context.Values[i]);

        if (Action.TakesNow) entries[count++] = new(Now, DateTimeValue.Of(now));
        if (Action.TakesWeekday) entries[count++] = new(Weekday, new LongValue(WeekdayOf(now)));
        return new Request(Subject, Action.Uid, Resource, new RecordValue(entries.AsSpan(0, count)));
    }

    static int WeekdayOf(DateTimeOffset now) =>
        now.UtcDateTime.DayOfWeek is var day && day == DayOfWeek.Sunday ? 7 : (int)day;

    bool IsClock(string name) => (Action.TakesNow && name == Now) || (Action.TakesWeekday && name == Weekday);
}

/// <summary>
/// One request that is evaluated at many times. Where no policy looks at the time, the first answer is all of them. For
/// one thread at a time.
/// </summary>
sealed class RepeatedQuestion
{
    readonly PolicyInForce? policy;
    readonly EngineQuestion asked;
    readonly PepSupport? pep;
    (RawResult? Raw, EffectiveResult Effective) answer;

    public RepeatedQuestion(EffectiveResult refusal) => (answer, IsSettled) = ((null, refusal), true);

    public RepeatedQuestion(PolicyInForce policy, in EngineQuestion asked, PepSupport pep) =>
        (this.policy, this.asked, this.pep) = (policy, asked, pep);

    /// <summary>Whether the last answer is that of any time.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>What <see cref="DecisionPoint.Evaluate"/> makes of the request at a time.</summary>
    public (RawResult? Raw, EffectiveResult Effective) At(DateTimeOffset now)
    {
        if (IsSettled) return answer;

        asked.Known.HasMisfit = false;
        var authorization = policy!.Snapshot.Authorize(asked.At(now), asked.Known, EngineQuestion.Clock, out var looksAtTime);
        IsSettled = !looksAtTime;
        return answer = DecisionPoint.Answer(policy, authorization, asked.Known, pep!);
    }
}
