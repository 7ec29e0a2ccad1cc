using FsCheck;
using FsCheck.Fluent;

namespace Stet.Pcs.Tests;

public class SignalSpecs
{
    [Fact]
    public void Every_count_of_cells_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("N_j"))
        {
            var scales = vector.GetProperty("N_j").EnumerateObject().Select(entry => long.Parse(entry.Name));
            var counter = new BoxCounter([.. scales]);
            foreach (var point in Golden.Points(vector.GetProperty("points"))) counter.Add(point);

            foreach (var (scale, count) in counter.Counts())
                count.ShouldBe(vector.GetProperty("N_j").Integer($"{scale}"), vector.GetRawText());
        }
    }

    [Fact]
    public void Cells_are_counted_as_a_plain_set_counts_them_near_and_far_from_the_origin() =>
        Prop.ForAll(Clouds.ToArbitrary(), points =>
        {
            long[] scales = [1, 16, 3, 6, 12, 2, 1L << 40, 1L << 41, (1L << 62) + 1];
            var counter = new BoxCounter(scales);
            foreach (var point in points) counter.Add(point);

            counter.Counts().Select(entry => entry.Count).ShouldBe(scales.Select(scale => points
                .Select(p => (Math.Floor(scale * p.X), Math.Floor(scale * p.Y), Math.Floor(scale * p.Z)))
                .Distinct().LongCount()));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_multiple_of_a_scale_never_has_fewer_cells() =>
        Prop.ForAll(Clouds.ToArbitrary(), points =>
        {
            var counter = new BoxCounter([1, 2, 6, 30]);
            foreach (var point in points) counter.Add(point);

            counter.Counts().Select(entry => entry.Count).ShouldBeInOrder();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void A_scale_below_1_and_a_point_in_no_cell_are_mistakes_of_the_program()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new BoxCounter([2, 0])).ParamName.ShouldBe("scales");

        var counter = new BoxCounter([1]);
        Point[] nowhere =
            [new(double.NaN, 0, 0), new(0, double.PositiveInfinity, 0), new(0, 0, double.NegativeInfinity)];
        foreach (var point in nowhere)
            Should.Throw<ArgumentException>(() => counter.Add(point)).ParamName.ShouldBe("point");
    }

    [Fact]
    public void Every_dimension_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("D_hat"))
        {
            var scales = ValueList.Of<ScaleCount>(
                [.. vector.GetProperty("scales").EnumerateArray().Select(scale => new ScaleCount(
                    scale.GetInt64(), vector.GetProperty("N_j").Integer(scale.GetRawText())))]);

            TheilSen.DHat(scales.AsSpan(), PcsVersion.V01).ShouldBe(vector.Number("D_hat_0_1"));
            TheilSen.DHat(scales.AsSpan(), PcsVersion.V10).ShouldBe(vector.Number("D_hat_1_0"));
        }
    }

    [Fact]
    public void Scales_too_close_for_a_slope_have_dimension_0()
    {
        TheilSen.DHat([new(1L << 60, 1), new((1L << 60) + 1, 9)], PcsVersion.V01).ShouldBe(0);
        TheilSen.DHat([], PcsVersion.V10).ShouldBe(0);
    }

    [Fact]
    public void Every_random_number_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("rng"))
        {
            var seed = vector.GetProperty("seed").GetUInt32();
            foreach (var list in vector.EnumerateObject())
            {
                var random = new MersenneTwister(seed);
                Func<double>? next =
                    list.Name.EndsWith("_uint32", StringComparison.Ordinal) ? () => random.NextWord()
                    : list.Name.EndsWith("_uniform", StringComparison.Ordinal) ? random.NextUniform
                    : list.Name.EndsWith("_normals", StringComparison.Ordinal) ? random.NextNormal
                    : null;

                if (next is null) continue;
                foreach (var number in list.Value.EnumerateArray()) next().ShouldBe(number.GetDouble());
            }
        }

        Word(625).ShouldBe(Vectors.Cases("rng").First().GetProperty("uint32_number_625").GetUInt32());
        Word(2000).ShouldBe(Vectors.Cases("rng").First().GetProperty("uint32_number_2000").GetUInt32());
    }

    [Fact]
    public void Every_coherence_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("coherence"))
        {
            var reports = new List<int>();
            var directions = (int)vector.Integer("directions");

            var coherence = Coherence.Measure(
                Golden.Points(vector.GetProperty("points")), vector.GetProperty("seed").GetUInt32(), directions,
                (int)vector.Integer("bins"), new Reports(reports));

            coherence.CohStar.ShouldBe(vector.Number("coh_star"), vector.GetRawText());
            Golden.ShouldBeTheSame(coherence.VStar, vector.GetProperty("v_star"));
            if (vector.GetProperty("points").GetRawText() != "[]")
                reports.ShouldBe(Enumerable.Range(1, directions));
        }
    }

    [Fact]
    public void Measuring_coherence_ends_when_asked()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        Should.Throw<OperationCanceledException>(() => Coherence.Measure([default], 42, cancel: source.Token));
    }

    [Fact]
    public void Coherence_of_any_points_is_a_share_of_them() =>
        Prop.ForAll(Clouds.ToArbitrary(), points =>
        {
            var coherence = Coherence.Measure(points, 42, directions: 10).CohStar;
            (points.Length == 0 ? coherence == 0 : coherence is > 0 and <= 1).ShouldBeTrue();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void Every_regime_and_budget_is_that_of_the_vectors()
    {
        foreach (var vector in Vectors.Cases("regime_budget"))
        {
            var (dHat, cohStar) = (vector.Number("D_hat"), vector.Number("coh_star"));
            PcsParameters.Default.Regime(dHat, cohStar).Name().ShouldBe(vector.Text("regime"));
            PcsParameters.Default.Budget(dHat, cohStar, vector.Number("r")).ShouldBe(vector.Number("budget"));
        }
    }

    [Fact]
    public void Absurd_numbers_still_have_a_budget_between_0_and_1()
    {
        PcsParameters.Default.Budget(double.MaxValue, double.MaxValue, 0).ShouldBe(1);
        PcsParameters.Default.Budget(0, double.MinValue, 0).ShouldBe(0);
        var heavy = PcsParameters.Default with { DHatWeight = 10, CoherenceWeight = 10 };
        heavy.Budget(double.MaxValue, double.MinValue, 0).ShouldBe(0, "infinity minus infinity");
    }

    static uint Word(int number)
    {
        var random = new MersenneTwister(42);
        for (var i = 1; i < number; i++) random.NextWord();
        return random.NextWord();
    }

    static Gen<Point[]> Clouds { get; } =
        from seed in Gen.Choose(0, int.MaxValue)
        from size in Gen.Choose(0, 200)
        from exponent in Gen.Choose(-3, 12)
        select Cloud(new Random(seed), size, Math.Pow(10, exponent));

    static Point[] Cloud(Random random, int size, double reach)
    {
        double Next() => Math.Round((random.NextDouble() - 0.5) * 8) / 8 * reach;
        return [.. Enumerable.Range(0, size).Select(_ => new Point(Next(), Next(), random.NextDouble()))];
    }

    sealed class Reports(List<int> reports) : IProgress<int>
    {
        public void Report(int value) => reports.Add(value);
    }
}
