using System.Text.Json.Serialization;

namespace Stet.EventStore.Tests;

public class EventCatalogSpecs
{
    static readonly EventCatalog Catalog = new EventCatalog()
        .Add("order_placed", OrderJson.Default.OrderPlaced, version: 2)
        .Upcast("order_placed", 1, OrderJson.Default.OrderPlacedV1, old => new OrderPlaced(old.Total * 1_000_000, "EUR"));

    [Fact]
    public void An_event_of_an_earlier_version_is_read_as_the_current_one() =>
        Catalog.Read("order_placed", """{"total":3}"""u8).ShouldBe(new OrderPlaced(3_000_000, "EUR"));

    [Fact]
    public void An_event_of_the_current_version_carries_it_in_its_stored_name()
    {
        Catalog.TypeOf(new OrderPlaced(1, "EUR")).StoredName.ShouldBe("order_placed_v2");
        Catalog.Read("order_placed_v2", """{"micros":5,"currency":"CHF"}"""u8).ShouldBe(new OrderPlaced(5, "CHF"));
    }

    [Fact]
    public void An_unknown_name_and_a_foreign_shape_are_unreadable()
    {
        Should.Throw<UnreadableEventException>(() => Catalog.Read("order_lost", "{}"u8)).Message.ShouldBe("no event is named `order_lost`");
        Should.Throw<UnreadableEventException>(() => Catalog.Read("order_placed_v2", "[]"u8));
    }

    [Theory]
    [InlineData("Order")]
    [InlineData("order_v2")]
    [InlineData("")]
    [InlineData("_order")]
    public void Names_are_snake_case_without_digits(string name) =>
        Should.Throw<ArgumentException>(() => new EventCatalog().Add(name, OrderJson.Default.OrderPlaced));

    [Fact]
    public void A_name_and_a_type_are_added_once()
    {
        var catalog = new EventCatalog().Add("order_placed", OrderJson.Default.OrderPlaced);
        Should.Throw<ArgumentException>(() => catalog.Add("order_placed_too", OrderJson.Default.OrderPlaced));
        Should.Throw<ArgumentException>(() => catalog.Add("order_placed", OrderJson.Default.OrderPlacedV1));
    }

    [Fact]
    public void A_state_starts_with_Create_and_goes_on_with_Apply()
    {
        var state = Accounts.Account.Fold(null, new MoneyDeposited(5));
        state = Accounts.Account.Fold(state, new MoneyWithdrawn(2));
        state = Accounts.Account.Fold(state, new OrderPlaced(1, "EUR"));

        state.ShouldBe(new Account(3));
        Should.Throw<InvalidOperationException>(() => Accounts.Account.Fold(null, new MoneyWithdrawn(1)));
    }

    [Fact]
    public void A_stream_id_is_a_version_8_uuid_that_depends_on_every_part_and_on_the_key()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        var id = StreamIds.Of(key, "corrections", "patient", "p-17", "allergies");

        id.ToString().ShouldBe("c09eb4be-0650-885f-a258-3b030e9fc246");
        (id.Version, id.Variant >> 2).ShouldBe((8, 2));
        StreamIds.Of(key, "corrections", "patient", "p-1", "7allergies").ShouldNotBe(id);
        StreamIds.Of(new byte[32], "corrections", "patient", "p-17", "allergies").ShouldNotBe(id);
    }
}

public sealed record OrderPlaced(long Micros, string Currency);

public sealed record OrderPlacedV1(long Total);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPlacedV1))]
sealed partial class OrderJson : JsonSerializerContext;
