namespace Stet.AuditLog.Tests;

public class Ed25519PublicKeySpecs
{
    [Fact]
    public void A_key_that_belongs_to_a_seed_is_one()
    {
        foreach (var vector in Ed25519Vector.Rfc8032) Ed25519.IsPublicKey(Convert.FromHexString(vector.PublicKey)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000", "no x belongs to y = 2")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080", "x = 0 has no sign, y = 1")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "x = 0 has no sign, y = -1")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "y = 1 as p + 1")]
    [InlineData("", "no bytes")]
    [InlineData("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707", "30 bytes")]
    public void What_encodes_no_point_in_the_one_way_is_none(string key, string why) =>
        Ed25519.IsPublicKey(Convert.FromHexString(key)).ShouldBeFalse(why);

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000", 1)]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", 2)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 4)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080", 4)]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", 8)]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", 8)]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", 8)]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", 8)]
    public void A_point_of_small_order_is_nobodys_key(string key, int order) =>
        Ed25519.IsPublicKey(Convert.FromHexString(key)).ShouldBeFalse($"of order {order}");
}
